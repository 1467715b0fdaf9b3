// Tasks that need not be done at all, as an earlier run has done them.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { costOfAttempt } from "@sheaf/ledger";
import { type Effects, type KeptTaskChange, restoreTaskChanges } from "@sheaf/workdir";
import type { TaskWork } from "../agents/resolve-work.ts";
import { type TaskMemo, taskMemo } from "./memo-rule.ts";
import type { FoundMemo, Memo, MemoStore } from "./memo-store.ts";
import { taskDefinition } from "./task-definition.ts";
import type { AttemptRecord, World } from "./world.ts";

type Remembering = Pick<World, "memo" | "settings" | "tasks" | "works" | "tracked">;

/** Returns how a task's work may be used again, as far as it is said; null where it may not. */
export const memoOf = ({ tasks, works, settings }: Remembering, task: number): TaskMemo | null =>
  taskMemo(tasks[task]!, works[task]!.needs, settings);

/** Returns why a task that asks for it is not remembered beyond its run, in words that follow "as"; null where it is. */
export function whyForgotten({ memo, tasks, works, tracked }: Remembering, task: number): string | null {
  const { work } = works[task]!;
  if ((tasks[task]!.effects ?? []).length > 0) return "they have effects";
  if (work.kind === "closure") return "plain functions cannot be compared";
  if (!tracked[task]!) return "not all that they read is known";
  if (work.kind === "module" && memo?.code.has(work.module) !== true) return "their code cannot be bundled";
  return null;
}

function storeOf(world: World, task: number): MemoStore | null {
  const rule = memoOf(world, task);
  if (rule === null || whyForgotten(world, task) !== null) return null;
  return world.memo?.stores.get(rule.scope) ?? null;
}

/** Tells whether a task may be left out when an earlier run has done it, and kept for later runs when it was done. */
export const isMemoized = (world: World, task: number): boolean => storeOf(world, task) !== null;

/** Tells whether what was kept then is too old for this task now. */
export function isOutdated(world: World, task: number, keptAt: number): boolean {
  const rule = memoOf(world, task);
  return rule !== null && world.clock.now() - keptAt > rule.ttlMs;
}

/** What an execution depends on beside what it reads: the task's words, its code, the model, the runtime. */
function memoKey({ tasks, works, settings, memo }: World, task: number): string {
  const work = works[task]!;
  const parts = [
    taskDefinition(tasks[task]!, work),
    codeOf(memo!, work),
    settings.model,
    process.version,
    process.platform,
    process.arch,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

const codeOf = ({ code }: Memo, { work }: TaskWork): string =>
  work.kind === "module" ? code.get(work.module)! : "";

/** Returns what earlier runs have kept of a task and is not too old, the latest first. */
export function findMemo(world: World, task: number): readonly FoundMemo[] {
  const found = storeOf(world, task)?.find(memoKey(world, task));
  for (const path of found?.damaged ?? []) tellDamaged(world, task, path);
  return found?.entries.filter(({ keptAt }) => !isOutdated(world, task, keptAt)) ?? [];
}

/** Returns the effects of an entry that fits with bytes of the run's own, or null where the store's are damaged. */
export async function takeMemo(
  world: World,
  { task, attempt }: { readonly task: number; readonly attempt: number },
  { entry, effects }: { readonly entry: FoundMemo; readonly effects: Effects },
): Promise<Effects | null> {
  // Beside the layers of sessions, whose names are numbers, and for as long.
  const folder = join(world.place.require(), "layers", "memo", `${task}-${attempt}`);
  const taken: readonly KeptTaskChange[] | string = await storeOf(world, task)!.take(entry, folder);
  if (typeof taken !== "string") return { ...effects, changes: restoreTaskChanges(taken) };
  tellDamaged(world, task, taken);
  return null;
}

function tellDamaged({ tasks, emit }: World, task: number, path: string): void {
  const reason = `What was kept of "${tasks[task]!.id}" is damaged or gone (${path}), so it is not used.`;
  emit({ type: "run.fallback", part: "memo", reason });
}

/** Keeps a committed attempt for later runs. Its loss costs time, so nothing here throws. */
export async function keepMemo(world: World, task: number, record: AttemptRecord): Promise<void> {
  const { workdir, tasks, clock } = world;
  const { status, reused, output, effects, attempt, taken, resources } = record;
  const store = storeOf(world, task);
  if (store === null || status !== "succeeded" || reused || output === null) return;
  const { id, reads } = tasks[task]!;
  // Whoever was shown everything and not watched to the end has read everything: nothing would ever fit again.
  if (effects !== null && effects.reads.observed === null && reads === undefined) return;
  try {
    const files = effects === null || workdir === null ? null : await workdir.keep(effects);
    const definition = taskDefinition(tasks[task]!, world.works[task]!);
    const costUsd = costOfAttempt(world.journal.events(), { taskId: id, attempt });
    const done = { taskId: id, definition, attempt, taken, effects: files, resources, costUsd };
    await store.keep(memoKey(world, task), { ...done, keptAt: clock.now() }, output);
  } catch {
    // A full disk or a folder that cannot be written: the next run does the task itself.
  }
}
