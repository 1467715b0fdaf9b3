import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type CostFile, readAg2Costs } from "@sheaf/ledger";

/** A cost file that is larger is none. */
const MOST_MIB = 16;

const MIB = 1_024 * 1_024;

// Whoever opens a pipe to read waits for somebody who writes.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Reads a cost file, as large as it is now. Never throws: what cannot be read is among the problems. */
export function readCostFile(path: string): CostFile {
  try {
    const file = openSync(path, FLAGS);
    try {
      return readOpen(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") return NO_FILE;
    return { rows: [], problems: [`It cannot be read: ${(error as Error).message}.`] };
  }
}

const NO_FILE: CostFile = { rows: [], problems: ["It is a link, a folder or a pipe, and no file."] };

// A process that the task has left behind may go on writing, as fast as we read.
function readOpen(file: number): CostFile {
  const status = fstatSync(file);
  if (!status.isFile()) return NO_FILE;
  if (status.size > MOST_MIB * MIB) return { rows: [], problems: [`It is larger than ${MOST_MIB} MiB.`] };
  const bytes = Buffer.alloc(status.size);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(file, bytes, length, bytes.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return readAg2Costs(bytes.toString("utf8", 0, length));
}
