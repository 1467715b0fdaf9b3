import { fstatSync, readSync } from "node:fs";

const CHUNK_BYTES = 64 * 1024;
const LINE_BREAK = 10;

/** Where the whole lines of a journal end. */
export interface JournalTail {
  /** Length of the whole lines; what follows them is torn. */
  readonly bytes: number;
  /** Length of the file. */
  readonly size: number;
  /** `seq` of the last whole line, -1 in a file without one; undefined when that line is no event. */
  readonly lastSeq: number | undefined;
}

/** Finds the end of the whole lines, by the rule of `readJournal`: a last line that is no JSON is torn too. */
export function journalTail(fd: number): JournalTail {
  const { size } = fstatSync(fd);
  let bytes = lineStart(fd, size);
  let last = lastLine(fd, bytes);
  if (last === undefined) {
    bytes = lineStart(fd, bytes - 1);
    last = lastLine(fd, bytes);
  }
  return { bytes, size, lastSeq: last?.seq };
}

function lastLine(fd: number, end: number): { seq: number | undefined } | undefined {
  if (end === 0) return { seq: -1 };
  const start = lineStart(fd, end - 1);
  try {
    const event: unknown = JSON.parse(read(fd, start, end).toString());
    const seq = typeof event === "object" && event !== null && "seq" in event ? event.seq : undefined;
    return { seq: typeof seq === "number" ? seq : undefined };
  } catch {
    return undefined;
  }
}

// The place after the last line break before `end`.
function lineStart(fd: number, end: number): number {
  for (let to = end; to > 0; to -= CHUNK_BYTES) {
    const from = Math.max(0, to - CHUNK_BYTES);
    const at = read(fd, from, to).lastIndexOf(LINE_BREAK);
    if (at >= 0) return from + at + 1;
  }
  return 0;
}

function read(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from);
  for (let done = 0; done < bytes.length; ) {
    const got = readSync(fd, bytes, done, bytes.length - done, from + done);
    if (got === 0) throw new Error("the file became shorter while it was read");
    done += got;
  }
  return bytes;
}
