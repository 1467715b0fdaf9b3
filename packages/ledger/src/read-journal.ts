import { closeSync, openSync, readSync } from "node:fs";
import { describeType, type RunEvent, SheafError, show } from "@sheaf/core";

const CHUNK_BYTES = 1024 * 1024;
const LINE_BREAK = 10;

export interface JournalContents {
  readonly events: readonly RunEvent[];
  /** True when the last line was cut off and is not among the events. */
  readonly torn: boolean;
}

/** A place between two events of a journal. */
export interface JournalMark {
  /** `seq` of the event after it. */
  readonly seq: number;
  /** Bytes before it. */
  readonly bytes: number;
}

export interface JournalPart extends JournalContents {
  /** The place after the last of the events. */
  readonly next: JournalMark;
  /** True when the journal has no more. */
  readonly ended: boolean;
}

export interface PartOptions {
  /** Where to begin, as an earlier part has told it. @default the beginning */
  readonly from?: JournalMark;
  /** Most events. @default all */
  readonly most?: number;
}

/**
 * Reads a journal. A last line without its line break, or one that is no JSON, is what a dying process leaves: it is
 * dropped and `torn` says so.
 *
 * @throws SheafError JOURNAL_DAMAGED with the line when another line is no JSON, is no event, or has a number that
 * does not follow the one before it.
 * @throws Error with code ENOENT when there is no such file.
 */
export function readJournal(path: string): JournalContents {
  const { events, torn } = readJournalPart(path);
  return { events, torn };
}

/** Reads a part of a journal. Throws as `readJournal` does. */
export function readJournalPart(
  path: string,
  { from = { seq: 0, bytes: 0 }, most = Number.POSITIVE_INFINITY }: PartOptions = {},
): JournalPart {
  const events: RunEvent[] = [];
  let end = from.bytes;
  let isUnreadable = false;
  const damaged = (problem: string): never => {
    throw new SheafError("JOURNAL_DAMAGED", { path, line: from.seq + events.length + 1, problem });
  };
  // The line break before the mark is read again: without it another journal has taken the place of this one.
  let isBreakDue = from.bytes > 0;
  const left = eachLine(path, from.bytes - (isBreakDue ? 1 : 0), (text, lineEnd) => {
    if (isBreakDue) {
      isBreakDue = false;
      return text === "" || damaged("the line before it does not end where it did");
    }
    if (isUnreadable) damaged("it is no JSON");
    const event = parse(text);
    if (event === undefined) {
      isUnreadable = true;
      return true;
    }
    const problem = eventProblem(event, from.seq + events.length);
    if (problem !== undefined) damaged(problem);
    events.push(event as RunEvent);
    end = lineEnd;
    return events.length < most;
  });
  if (isUnreadable && left !== null && left > 0) damaged("it is no JSON");
  if (isBreakDue && left !== null && left > 0) damaged("the line before it does not end where it did");
  const next = { seq: from.seq + events.length, bytes: end };
  return { events, next, ended: left !== null, torn: isUnreadable || (left ?? 0) > 0 };
}

// JSON has no undefined, so that stands for what is no JSON.
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function eventProblem(event: unknown, dueSeq: number): string | undefined {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    return `it is ${describeType(event)}, not an event`;
  }
  const { seq, type } = event as { readonly seq?: unknown; readonly type?: unknown };
  if (typeof type !== "string" || type === "") return "its event has no type";
  if (seq !== dueSeq) return `its seq is ${show(seq)} where ${dueSeq} was due`;
  return undefined;
}

/**
 * Calls `take` with each line from byte `from` on that has its line break, and where it ends, until that says false.
 * Returns the number of bytes after the last line, or null when it was left early. Holds one chunk at a time: a
 * journal may be larger than the longest string.
 */
function eachLine(path: string, from: number, take: (text: string, end: number) => boolean): number | null {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    let place = from;
    for (;;) {
      const got = readSync(fd, chunk, 0, CHUNK_BYTES, place + rest.length);
      if (got === 0) return rest.length;
      const bytes = Buffer.concat([rest, chunk.subarray(0, got)]);
      let start = 0;
      for (let end = bytes.indexOf(LINE_BREAK); end >= 0; end = bytes.indexOf(LINE_BREAK, start)) {
        const text = bytes.toString("utf8", start, end);
        start = end + 1;
        if (!take(text, place + start)) return null;
      }
      rest = bytes.subarray(start);
      place += start;
    }
  } finally {
    closeSync(fd);
  }
}
