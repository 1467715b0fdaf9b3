// Tasks that need not be done at all, as an earlier run has done them.
import { createHash } from "node:crypto";
import type { TaskId } from "@sheaf/core";
import type { TaskWork } from "../agents/resolve-work.ts";
import type { FoundMemo, Memo } from "./memo-store.ts";
import { taskDefinition } from "./task-definition.ts";
import type { AttemptRecord, World } from "./world.ts";

/** Tells whether a task may be left out when an earlier run has done it, and kept for later runs when it was done. */
export function isMemoized(world: World, task: number): boolean {
  const { memo, settings, tasks, works, tracked } = world;
  const { memo: asked = settings.memo, effects = [] } = tasks[task]!;
  const { work } = works[task]!;
  if (memo === null || !asked || effects.length > 0 || work.kind === "closure") return false;
  return tracked[task]! && (work.kind === "command" || memo.code.has(work.module));
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

/** Returns what earlier runs have kept of a task, the latest first. */
export function findMemo(world: World, task: number): readonly FoundMemo[] {
  return isMemoized(world, task) ? world.memo!.store.find(memoKey(world, task)) : [];
}

/** Keeps a committed attempt for later runs. Its loss costs time, so nothing here throws. */
export async function keepMemo(world: World, task: number, record: AttemptRecord): Promise<void> {
  const { workdir, tasks } = world;
  const { status, reused, output, effects, attempt, taken, resources } = record;
  if (!isMemoized(world, task) || status !== "succeeded" || reused || output === null) return;
  const { id, reads } = tasks[task]!;
  // Whoever was shown everything and not watched to the end has read everything: nothing would ever fit again.
  if (effects !== null && effects.reads.observed === null && reads === undefined) return;
  try {
    const files = effects === null || workdir === null ? null : await workdir.keep(effects);
    const definition = taskDefinition(tasks[task]!, world.works[task]!);
    const costUsd = costOf(world, id, attempt);
    const execution = { taskId: id, definition, attempt, taken, effects: files, resources, costUsd };
    world.memo!.store.keep(memoKey(world, task), execution, output);
  } catch {
    // A full disk or a folder that cannot be written: the next run does the task itself.
  }
}

function costOf({ journal }: World, taskId: TaskId, attempt: number): number | null {
  let usd: number | null = 0;
  for (const event of journal.events()) {
    if (event.type !== "attempt.usage" || event.taskId !== taskId || event.attempt !== attempt) continue;
    usd = usd === null || event.usage.costUsd === undefined ? null : usd + event.usage.costUsd;
  }
  return usd;
}
