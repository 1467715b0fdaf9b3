import { type Clock, type EventBody, type RunEvent, type RunId, SheafError } from "@sheaf/core";
import { encodeEvent } from "./encode-event.ts";
import { EventLog } from "./event-log.ts";
import { type JournalFile, openJournalFile } from "./journal-file.ts";
import { JOURNAL } from "./telemetry.ts";

/** Unwritten text above this is written at once, so that a long turn of the event loop needs no more memory. */
const MAX_UNWRITTEN = 1024 * 1024;

export interface JournalOptions {
  /** The file, in a folder that exists; `null` keeps the events in memory alone. */
  readonly path: string | null;
  readonly runId: RunId;
  readonly clock: Clock;
  /**
   * `seq` of the next event: the number of events that the file has already.
   *
   * @default 0
   */
  readonly nextSeq?: number;
}

export interface FollowOptions {
  /** Ends the reading, quietly, when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * The append-only record of a run, from which every view of it derives.
 *
 * 1. `seq` grows by one from event to event, in memory and in the file.
 * 2. Nothing that happens to the file reaches the caller: the first failure is kept as `fault` and told by one
 *    `run.fallback` event in memory, and the run goes on without a history.
 * 3. What was appended before `flush()` survives the death of this process; what was appended before `sync()`
 *    resolved survives the machine's.
 */
export interface Journal {
  /** Why the file is no longer written, or null while all is well. */
  readonly fault: Error | null;
  /**
   * Gives `body` its number and time and keeps it. The line is written at the end of this turn of the event loop.
   * After `close()` the event is returned but not kept: what comes late must not bring a finished run down.
   */
  append(body: EventBody): RunEvent;
  /** Hands all lines to the kernel. */
  flush(): void;
  /** Resolves when all lines are on the disk, or a fault is known. Never rejects. */
  sync(): Promise<void>;
  /** What was appended here, in order. The list grows as the run goes on. */
  events(): readonly RunEvent[];
  /**
   * The events from `seq` number `from` on, then each new one, until the journal is closed. Events older than
   * `nextSeq` are in the file alone. Each loop over it reads from `from`, at its own pace; leaving a loop ends it.
   *
   * @throws SheafError OPTION_INVALID when `from` is no whole number >= 0.
   */
  follow(from?: number, options?: FollowOptions): AsyncIterable<RunEvent>;
  /** Writes what is left, ends all readers once they have everything, and closes the file. */
  close(): void;
}

class RunJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #first: number;
  readonly #log: EventLog;
  readonly #file: JournalFile | null;
  #unwritten = "";
  #scheduled = false;
  #faultTold = false;
  #closed = false;

  constructor(options: JournalOptions) {
    const { path, runId, nextSeq = 0 } = options;
    this.#options = options;
    this.#first = nextSeq;
    this.#log = new EventLog(nextSeq);
    this.#file = path === null ? null : openJournalFile({ path, runId, nextSeq });
  }

  get fault(): Error | null {
    return this.#file?.fault ?? null;
  }

  append(body: EventBody): RunEvent {
    const event = this.#stamp(body);
    if (this.#closed) return event;
    if (this.#file === null || this.#faultTold) {
      this.#log.push(event);
      return event;
    }
    const { event: kept, line } = encodeEvent(event);
    this.#log.push(kept);
    this.#unwritten += `${line}\n`;
    if (this.#unwritten.length > MAX_UNWRITTEN) this.flush();
    else this.#schedule();
    return kept;
  }

  flush(): void {
    if (this.#file === null || this.#closed) return;
    const text = this.#unwritten;
    this.#unwritten = "";
    if (text !== "") this.#file.write(text);
    this.#tellFault(this.#file);
  }

  async sync(): Promise<void> {
    this.flush();
    if (this.#file === null) return;
    await this.#file.sync();
    this.#tellFault(this.#file);
  }

  events(): readonly RunEvent[] {
    return this.#log.events;
  }

  follow(from = 0, { signal }: FollowOptions = {}): AsyncIterable<RunEvent> {
    checkSeq("from", from);
    return this.#log.follow(from, signal);
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#log.close();
    this.#file?.close();
  }

  #stamp(body: EventBody): RunEvent {
    const { clock, runId } = this.#options;
    const stamp = { seq: this.#first + this.#log.events.length, at: clock.now(), runId };
    // The stamp comes first for people who read the file, and again because `body` may be an event of another run.
    return Object.assign({ seq: stamp.seq, at: stamp.at, runId, ...body }, stamp);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #tellFault({ fault }: JournalFile): void {
    if (fault === null || this.#faultTold || this.#closed) return;
    this.#faultTold = true;
    const reason = `The history of this run is no longer written to ${this.#options.path}: ${fault.message}`;
    this.#log.push(this.#stamp({ type: "run.fallback", part: JOURNAL, reason }));
  }
}

function checkSeq(option: string, got: number): void {
  if (Number.isSafeInteger(got) && got >= 0) return;
  throw new SheafError("OPTION_INVALID", { option, expected: "a whole number >= 0", got });
}

/**
 * Opens the journal of a run. A file that cannot be opened or written is no error but a `fault`.
 *
 * @throws SheafError OPTION_INVALID when `nextSeq` is no whole number >= 0; RUN_EXISTS when it is 0 and the file has
 * events; JOURNAL_DAMAGED when the last event in the file is not the one before it.
 */
export function openJournal(options: JournalOptions): Journal {
  checkSeq("nextSeq", options.nextSeq ?? 0);
  return new RunJournal(options);
}
