import { closeSync, openSync, readSync } from "node:fs";
import { describeType, type RunEvent, SheafError, show } from "@sheaf/core";

const CHUNK_BYTES = 1024 * 1024;
const LINE_BREAK = 10;

export interface JournalContents {
  readonly events: readonly RunEvent[];
  /** True when the last line was cut off and is not among the events. */
  readonly torn: boolean;
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
  const events: RunEvent[] = [];
  let unreadable: number | null = null;
  const damaged = (line: number, problem: string): never => {
    throw new SheafError("JOURNAL_DAMAGED", { path, line, problem });
  };
  const left = eachLine(path, (text, line) => {
    if (unreadable !== null) damaged(unreadable, "it is no JSON");
    const event = parse(text);
    if (event === undefined) {
      unreadable = line;
      return;
    }
    const problem = eventProblem(event, events.length);
    if (problem !== undefined) damaged(line, problem);
    events.push(event as RunEvent);
  });
  if (unreadable !== null && left > 0) damaged(unreadable, "it is no JSON");
  return { events, torn: unreadable !== null || left > 0 };
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
 * Calls `take` with each line that has its line break, counted from 1, and returns the number of bytes after the last.
 * Holds one chunk at a time: a journal may be larger than the longest string.
 */
function eachLine(path: string, take: (text: string, line: number) => void): number {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    let line = 0;
    for (;;) {
      const got = readSync(fd, chunk, 0, CHUNK_BYTES, null);
      if (got === 0) return rest.length;
      const bytes = Buffer.concat([rest, chunk.subarray(0, got)]);
      const end = bytes.lastIndexOf(LINE_BREAK);
      rest = bytes.subarray(end + 1);
      if (end < 0) continue;
      for (const text of bytes.toString("utf8", 0, end).split("\n")) take(text, ++line);
    }
  } finally {
    closeSync(fd);
  }
}
