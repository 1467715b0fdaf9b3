import { readdirSync, readFileSync } from "node:fs";

const MIB = 1024 * 1024;
const PAGE_BYTES = 4096;

function found<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return []; // it has ended meanwhile, or there is no /proc
  }
}

// A process that a thread has started is a child of that thread.
function childrenOf(pid: number): readonly number[] {
  const threads = found(() => readdirSync(`/proc/${pid}/task`));
  const children = (thread: string): readonly string[] =>
    found(() => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(/\s+/));
  return threads.flatMap(children).filter(Boolean).map(Number);
}

function residentMiB(pid: number): number | null {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES) / MIB;
  } catch {
    return null;
  }
}

/** Returns the resident memory of a process and all that it has started, in MiB; null where it cannot be told. */
export function treeMemoryMiB(pid: number): number | null {
  const own = residentMiB(pid);
  if (own === null) return null;
  let sum = own;
  const open = [...childrenOf(pid)];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    sum += residentMiB(at) ?? 0;
    open.push(...childrenOf(at));
  }
  return sum;
}

/** Returns how many processes a process has started and not waited for yet. */
export function childCount(pid: number): number {
  return childrenOf(pid).length;
}
