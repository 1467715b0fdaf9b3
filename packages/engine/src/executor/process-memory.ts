import { readFileSync } from "node:fs";

const MIB = 1024 * 1024;
const PAGE_BYTES = 4096;

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
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
