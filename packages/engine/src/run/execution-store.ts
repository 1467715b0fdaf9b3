// What finished attempts did, kept on disk so that nobody pays twice for it.
//
// Owns:     the folder `executions` of a run.
// Does not: decide whether an execution may be used again; its reads and inputs decide that.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AttemptResources, TakenInput, TaskId } from "@sheaf/core";
import type { KeptEffects } from "@sheaf/workdir";

/** One attempt that succeeded. */
export interface KeptExecution {
  readonly taskId: TaskId;
  /** What the task was asked to do, see `taskDefinition`. */
  readonly definition: string;
  readonly attempt: number;
  readonly taken: readonly TakenInput[];
  /** Null in a run without files. */
  readonly effects: KeptEffects | null;
  readonly resources: AttemptResources;
  /** When it was kept, in ms since 1970. */
  readonly keptAt: number;
}

/** An execution with the bytes of its output. */
export interface FoundExecution extends KeptExecution {
  readonly output: Uint8Array;
}

export class ExecutionStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** Keeps an execution; with its record in place all of it is there. */
  keep(execution: KeptExecution, output: Uint8Array): void {
    mkdirSync(this.#folder, { recursive: true });
    const name = `${execution.taskId}.${execution.attempt}`;
    writeFileSync(this.#path(`${name}.output`), output);
    writeFileSync(this.#path(`${name}.new`), JSON.stringify(execution));
    renameSync(this.#path(`${name}.new`), this.#path(`${name}.json`));
  }

  /** Returns what is kept of each task, the latest attempt last. Damaged records are passed over: they are of no use. */
  read(): ReadonlyMap<string, readonly FoundExecution[]> {
    const found = new Map<string, FoundExecution[]>();
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    for (const name of names.filter((each) => each.endsWith(".json"))) {
      const execution = this.#load(name.slice(0, -".json".length));
      if (execution === null) continue;
      const known = found.get(execution.taskId) ?? [];
      found.set(
        execution.taskId,
        [...known, execution].sort((a, b) => a.attempt - b.attempt),
      );
    }
    return found;
  }

  #load(name: string): FoundExecution | null {
    try {
      const execution = JSON.parse(readFileSync(this.#path(`${name}.json`), "utf8")) as KeptExecution;
      return { ...execution, output: readFileSync(this.#path(`${name}.output`)) };
    } catch {
      return null;
    }
  }
}
