import { type TaskFailure, toWireError } from "@sheaf/core";
import type { Effects } from "@sheaf/workdir";
import type { AttemptRecord, World } from "./world.ts";

/**
 * The last record of each task that had an attempt, and its output.
 *
 * Owns `world.outputs`: an output is there exactly as long as a record that counts.
 */
export class KeptRecords {
  readonly #outputs: World["outputs"];
  readonly #records = new Map<number, AttemptRecord>();

  constructor(outputs: World["outputs"]) {
    this.#outputs = outputs;
  }

  get all(): ReadonlyMap<number, AttemptRecord> {
    return this.#records;
  }

  /** Returns the record of a task that had an attempt. */
  get(task: number): AttemptRecord {
    return this.#records.get(task)!;
  }

  find(task: number): AttemptRecord | undefined {
    return this.#records.get(task);
  }

  keep(task: number, record: AttemptRecord): void {
    this.#records.set(task, record);
    if (record.output !== null) this.#outputs.set(task, record.output);
  }

  /** Keeps what came of an attempt and returns it. An output that cannot be kept is as good as none. */
  keepEnded(task: number, record: AttemptRecord): AttemptRecord {
    try {
      this.keep(task, record);
      return record;
    } catch (error) {
      const failure = { kind: "disk", error: toWireError(error) } as const;
      const failed: AttemptRecord = { ...record, status: "failed", output: null, failure, retryable: false };
      this.keep(task, failed);
      return failed;
    }
  }

  /** Nothing of the task's attempt counts. */
  drop(task: number): void {
    this.#records.delete(task);
    this.#outputs.delete(task);
  }

  /** The record stays for the report; nobody reads the output. */
  dropOutput(task: number): void {
    this.#outputs.delete(task);
  }

  /** An attempt that had ended well counts as failed after all. */
  fail(task: number, failure: TaskFailure): void {
    this.#outputs.delete(task);
    this.#records.set(task, { ...this.get(task), status: "failed", output: null, failure });
  }

  /** The attempt had failed already; this says better why. */
  explain(task: number, failure: TaskFailure): void {
    this.#records.set(task, { ...this.get(task), failure });
  }

  /** What tasks from `first` up to, but without, `end` wrote, in serial order. */
  writtenBetween(first: number, end: number): readonly Effects[] {
    const effects: Effects[] = [];
    for (let i = first; i < end; i++) {
      const record = this.#records.get(i);
      if (record?.status !== "succeeded" || record.effects === null) continue;
      if (record.effects.changes.length > 0) effects.push(record.effects);
    }
    return effects;
  }
}
