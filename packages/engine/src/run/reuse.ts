// Finished attempts of earlier sessions and runs in the place of new ones.
import type { Effects } from "@sheaf/workdir";
import type { FoundExecution } from "./execution-store.ts";
import { findMemo, isMemoized, isOutdated, takeMemo } from "./memo.ts";
import { NOTHING_MEASURED } from "./nothing-measured.ts";
import { taskDefinition } from "./task-definition.ts";
import type { AttemptRecord, World } from "./world.ts";

/** A finished attempt that takes the place of a new one. */
export interface Reusable {
  readonly record: AttemptRecord;
  readonly from: "resume" | "memo";
  /** What it had cost; null when that is not known. */
  readonly savedUsd: number | null;
}

/** Tells whether an attempt that takes the place of a new one must be looked for. */
export function mayReuse(world: World, task: number): boolean {
  const { id } = world.tasks[task]!;
  return world.reusable.has(id) || world.happened.has(id) || isMemoized(world, task);
}

/**
 * Returns an attempt of an earlier session or run that would come out the same now, or null: the task is asked to do
 * the same, it took the same inputs, and what it read is the same in what it would be shown.
 *
 * @param attempt number that the attempt gets when it is another run's
 * @param below effects of finished tasks before it that are not settled yet, in serial order
 */
export async function findReusable(
  world: World,
  { task, attempt }: { readonly task: number; readonly attempt: number },
  below: readonly Effects[],
): Promise<Reusable | null> {
  const { id } = world.tasks[task]!;
  const definition = taskDefinition(world.tasks[task]!, world.works[task]!);
  for (const execution of [...(world.reusable.get(id) ?? [])].reverse()) {
    if (execution.definition !== definition || isOutdated(world, task, execution.keptAt)) continue;
    const effects = await effectsNow(world, execution, below);
    if (effects === "changed") continue;
    return { record: recordOfExecution(execution, effects), from: "resume", savedUsd: null };
  }
  for (const entry of findMemo(world, task)) {
    const fits = await effectsNow(world, entry, below);
    if (fits === "changed") continue;
    const effects = fits === null ? null : await takeMemo(world, { task, attempt }, { entry, effects: fits });
    if (fits !== null && effects === null) continue;
    const record = recordOfExecution({ ...entry, attempt }, effects);
    return { record, from: "memo", savedUsd: entry.costUsd };
  }
  return null;
}

const sameInputs = (world: World, { taken }: FoundExecution): boolean =>
  taken.every(({ from, hash }) => world.outputs.hash(from) === hash);

async function effectsNow(
  world: World,
  execution: FoundExecution,
  below: readonly Effects[],
): Promise<Effects | null | "changed"> {
  const { workdir } = world;
  const { taskId, effects } = execution;
  if (!sameInputs(world, execution)) return "changed";
  if (workdir === null || effects === null) return workdir === null && effects === null ? null : "changed";
  return (await workdir.reuse(effects, { taskId, below })) ?? "changed";
}

/** Returns the record of an attempt that succeeded in an earlier session. */
export function recordOfExecution(
  { attempt, output, taken, resources }: Pick<FoundExecution, "attempt" | "output" | "taken" | "resources">,
  effects: Effects | null,
): AttemptRecord {
  return {
    ...{ attempt, status: "succeeded", outOfMemory: false, output, failure: null, because: null },
    ...{ together: false, retryable: false, taken, effects, quiet: true, resources, reused: true },
  };
}

/** Returns the record of an attempt that is not made: what it would do has happened, in another way. */
export function repeatedRecord(attempt: number): AttemptRecord {
  const execution = { attempt, output: new Uint8Array(), taken: [], resources: NOTHING_MEASURED };
  return { ...recordOfExecution(execution, null), status: "lost", output: null };
}
