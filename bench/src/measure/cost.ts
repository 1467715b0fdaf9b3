import { endedChildrenCpuMs } from "./ended-children-cpu.ts";

/** What some work took. */
export interface Cost {
  readonly wallMs: number;
  /** Processor time of this process with all its threads, and of its children that ended meanwhile. */
  readonly cpuMs: number;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + (endedChildrenCpuMs() ?? 0);
}

/** Does the work and returns what it took. */
export async function costOf(work: () => unknown): Promise<Cost> {
  const cpuBefore = cpuMs();
  const from = performance.now();
  await work();
  return { wallMs: performance.now() - from, cpuMs: cpuMs() - cpuBefore };
}
