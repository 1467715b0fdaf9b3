import { type Cost, costOf } from "../measure/cost.ts";

/** Two sizes of the same work. */
export interface Sizes {
  readonly few: number;
  readonly many: number;
}

/** What work took that costs something once and something for each task. */
export interface Slope {
  /** For `many - few` tasks, without what comes once. */
  readonly tasks: Cost;
  /** What comes once: loading, starting a pool and ending it. */
  readonly once: Cost;
}

/** Measures both sizes and tells the price of the tasks from the price of the start. */
export async function slopeOf(work: (count: number) => Promise<unknown>, sizes: Sizes): Promise<Slope> {
  const few = await costOf(() => work(sizes.few));
  const many = await costOf(() => work(sizes.many));
  return slopeBetween({ few, many }, sizes);
}

/** Tells the price of the tasks from the price of the start. */
export function slopeBetween({ few, many }: Readonly<Record<keyof Sizes, Cost>>, sizes: Sizes): Slope {
  const tasks = { wallMs: many.wallMs - few.wallMs, cpuMs: many.cpuMs - few.cpuMs };
  const share = sizes.few / (sizes.many - sizes.few);
  const once = { wallMs: few.wallMs - share * tasks.wallMs, cpuMs: few.cpuMs - share * tasks.cpuMs };
  return { tasks, once };
}
