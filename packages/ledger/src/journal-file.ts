import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { type RunId, SheafError } from "@sheaf/core";
import { type JournalTail, journalTail } from "./journal-tail.ts";

const datasync = promisify(fdatasync);

/** Which journal is opened, and the `seq` of the event that comes next. */
export interface JournalPlace {
  readonly path: string;
  readonly runId: RunId;
  readonly nextSeq: number;
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/**
 * The file under a journal. Owns its descriptor; knows nothing of events.
 *
 * 1. No method throws or rejects: the first failure is kept as `fault`, and nothing is written after it.
 * 2. As long as there is no fault, the file ends with a whole line.
 * 3. The descriptor is closed once, after the last fdatasync on it has ended.
 */
export class JournalFile {
  fault: Error | null = null;
  #fd: number | null;
  #syncing: Promise<void> = Promise.resolve();
  #queued: Promise<void> | null = null;

  constructor(opened: number | Error) {
    this.#fd = opened instanceof Error ? null : opened;
    if (opened instanceof Error) this.fault = opened;
  }

  /** Hands `text` to the kernel. */
  write(text: string): void {
    const fd = this.#fd;
    if (fd === null) return;
    try {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      // Writing to a file that was removed succeeds, and nobody will ever find what was written.
      if (fstatSync(fd).nlink === 0) throw new Error("the file was removed");
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Resolves when all that was written before the call is on the disk, or a fault is known. */
  sync(): Promise<void> {
    const fd = this.#fd;
    if (fd === null) return Promise.resolve();
    // One under way may have begun before the last write; all who come meanwhile share the one after it.
    this.#queued ??= this.#syncing.then(() => {
      this.#queued = null;
      this.#syncing = datasync(fd).catch((error: unknown) => this.#fail(error));
      return this.#syncing;
    });
    return this.#queued;
  }

  close(): void {
    const fd = this.#fd;
    if (fd === null) return;
    this.#fd = null;
    const close = (): void => {
      try {
        closeSync(fd);
      } catch (error) {
        this.fault ??= asError(error);
      }
    };
    void (this.#queued ?? this.#syncing).then(close);
  }

  #fail(error: unknown): void {
    this.fault ??= asError(error);
    this.close();
  }
}

/**
 * Opens the file of a journal for appending: creates it, or cuts off a torn last line. A file that cannot be opened
 * is a fault, not an error.
 *
 * @throws SheafError RUN_EXISTS when a first event is to come and the file has events; JOURNAL_DAMAGED when the last
 * event in the file is not the one before `nextSeq`.
 */
export function openJournalFile(place: JournalPlace): JournalFile {
  let fd: number | null = null;
  try {
    fd = openSync(place.path, "a+");
    const tail = journalTail(fd);
    checkTail(tail, place);
    if (tail.bytes < tail.size) ftruncateSync(fd, tail.bytes);
    return new JournalFile(fd);
  } catch (error) {
    if (fd !== null) closeSync(fd);
    if (error instanceof SheafError) throw error;
    return new JournalFile(asError(error));
  }
}

function checkTail({ lastSeq }: JournalTail, { path, runId, nextSeq }: JournalPlace): void {
  if (lastSeq === nextSeq - 1) return;
  if (nextSeq === 0) throw new SheafError("RUN_EXISTS", { runId, path });
  const problem = `its last event has seq ${lastSeq ?? "unknown"}, and the next is to have seq ${nextSeq}`;
  throw new SheafError("JOURNAL_DAMAGED", { path, line: nextSeq, problem });
}
