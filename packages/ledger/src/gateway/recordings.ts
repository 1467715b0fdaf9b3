// Answers of models, kept so that a task that runs again is not billed for what it repeats unchanged.
//
// Invariants
// 1. A recording is a whole answer, complete by its own signs.
// 2. It answers the same request of the same task of the same run, the same time that this is asked, and nothing else.
// 3. One that is damaged, or lies in a wrong place, counts as none.
// 4. An attempt that may not have the answers of those before it leaves none of these for those after it.
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AttemptCause, UsageRecord } from "@sheaf/core";
import type { WholeAnswer } from "./answer-copy.ts";
import type { CallOwner } from "./call-event.ts";

/** Which further attempts get the answers of those before: after lost work alone, or also after a failure of the agent. */
export type ReplayRule = "rerun" | "retry";

/** Whether an attempt that was started for this cause gets the answers of those before it. */
export function replaysAnswers(cause: AttemptCause, rule: ReplayRule): boolean {
  return cause === "conflict" || cause === "restart" || (cause === "retry" && rule === "retry");
}

/** Names a request among all of a task. */
export interface RecordingKey {
  readonly hash: string;
  /** Which time it is asked, from 1. */
  readonly occurrence: number;
}

export interface Recording extends WholeAnswer {
  /** What the answer used when it was paid for. */
  readonly usage: UsageRecord | null;
}

const SCHEMA = 1;

/** The answers that were recorded for one task, in a folder of their own. */
export class Recordings {
  readonly #folder: string;
  readonly #about: string;

  constructor(folder: string, { runId, taskId }: CallOwner, variant: string) {
    this.#about = JSON.stringify([runId, taskId, variant]);
    this.#folder = join(folder, sha256(this.#about).slice(0, 32));
  }

  /** Removes all of them, at once, so that nobody finds one afterwards. Throws what the disk is about. */
  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Returns a recording, or null where there is none that can be used. */
  async find(key: RecordingKey): Promise<Recording | null> {
    try {
      return this.#read(key, await readFile(this.#path(key)));
    } catch {
      return null;
    }
  }

  /** Keeps a recording. Rejects when the disk does not take it. */
  async keep(key: RecordingKey, { status, headers, body, usage }: Recording): Promise<void> {
    const head = { schema: SCHEMA, about: this.#about, ...key, status, headers, usage };
    const content = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
    const path = this.#path(key);
    await mkdir(this.#folder, { recursive: true });
    await writeFile(`${path}.tmp`, Buffer.concat([Buffer.from(`${sha256(content)}\n`), content]));
    await rename(`${path}.tmp`, path);
  }

  #path({ hash, occurrence }: RecordingKey): string {
    return join(this.#folder, `${hash}-${occurrence}`);
  }

  #read({ hash, occurrence }: RecordingKey, bytes: Buffer): Recording | null {
    const start = bytes.indexOf("\n") + 1;
    const content = bytes.subarray(start);
    if (sha256(content) !== bytes.subarray(0, start - 1).toString()) return null;
    const end = content.indexOf("\n");
    const head = JSON.parse(content.subarray(0, end).toString());
    const isRight =
      head.schema === SCHEMA &&
      head.about === this.#about &&
      head.hash === hash &&
      head.occurrence === occurrence;
    return isRight
      ? { status: head.status, headers: head.headers, usage: head.usage, body: content.subarray(end + 1) }
      : null;
  }
}

const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

/** Numbers the times that an attempt asks the same; a time that got no whole answer does not count. */
export class Occurrences {
  readonly #taken = new Map<string, Set<number>>();

  /** Returns the lowest number that is free. */
  take(hash: string): number {
    const taken = this.#taken.get(hash) ?? new Set();
    this.#taken.set(hash, taken);
    let number = 1;
    while (taken.has(number)) number++;
    taken.add(number);
    return number;
  }

  giveBack({ hash, occurrence }: RecordingKey): void {
    this.#taken.get(hash)?.delete(occurrence);
  }
}
