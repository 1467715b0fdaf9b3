import { cpus, loadavg } from "node:os";
import { type Cost, costOf } from "./cost.ts";

/** What the machine was doing beside the measurement. */
export interface Conditions {
  /** Load average of the last minute, before and after. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Share of all processors that other programs used meanwhile, 0 to 100. */
  readonly othersPercent: number;
}

interface Times {
  readonly busyMs: number;
  readonly allMs: number;
}

function processorTimes(): Times {
  let busyMs = 0;
  let allMs = 0;
  for (const { times } of cpus()) {
    const { user, nice, sys, irq, idle } = times;
    busyMs += user + nice + sys + irq;
    allMs += user + nice + sys + irq + idle;
  }
  return { busyMs, allMs };
}

/** Does some work and tells under what conditions it was done. */
export async function underConditions<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly conditions: Conditions }> {
  const loadBefore = loadavg()[0]!;
  const before = processorTimes();
  let result: T | undefined;
  const own: Cost = await costOf(async () => {
    result = await work();
  });
  const after = processorTimes();
  const all = after.allMs - before.allMs;
  const others = after.busyMs - before.busyMs - own.cpuMs;
  const othersPercent = all === 0 ? 0 : Math.max(0, Math.round((100 * others) / all));
  return { result: result as T, conditions: { loadBefore, loadAfter: loadavg()[0]!, othersPercent } };
}
