import { readdirSync, readFileSync } from "node:fs";

/** Memory of processes, in MiB. */
export interface TreeMemory {
  /** What they hold now, together. */
  readonly nowMiB: number;
  /** What they have held at least: as much as now, and as the largest of those that were started ever has. */
  readonly peakMiB: number;
}

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

// The kernel keeps the largest that a process has held, which a sample in between would miss.
function memoryOf(pid: number): TreeMemory | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const mib = (field: RegExp): number => Number(field.exec(status)?.[1] ?? 0) / 1024;
    return { nowMiB: mib(/^VmRSS:\s+(\d+) kB/m), peakMiB: mib(/^VmHWM:\s+(\d+) kB/m) };
  } catch {
    return null;
  }
}

/** Returns the memory of a process and all that it has started; null where it cannot be told. */
export function treeMemory(pid: number): TreeMemory | null {
  const own = memoryOf(pid);
  if (own === null) return null;
  // What the first held at its most may have been in an earlier attempt.
  let { nowMiB } = own;
  let peakMiB = 0;
  const open = [...childrenOf(pid)];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const memory = memoryOf(at);
    nowMiB += memory?.nowMiB ?? 0;
    peakMiB = Math.max(peakMiB, memory?.peakMiB ?? 0);
    open.push(...childrenOf(at));
  }
  return { nowMiB, peakMiB: Math.max(nowMiB, peakMiB) };
}

/** Returns the process that has started one, or null where that cannot be told. */
export function parentOf(pid: number): number | null {
  try {
    // The name of a program, in brackets, may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const parent = stat.slice(stat.lastIndexOf(")")).split(" ")[2];
    return parent === undefined ? null : Number(parent);
  } catch {
    return null;
  }
}

/** Returns how many processes a process has started and not waited for yet. */
export function childCount(pid: number): number {
  return childrenOf(pid).length;
}
