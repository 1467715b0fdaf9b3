import { type AttemptCause, decodeData, describeData, type TaskFailure } from "@sheaf/core";
import type { WaitReason } from "../scheduler/state.ts";
import { callHeadings } from "../tasks/cost-route.ts";
import { sayWait } from "./say-wait.ts";
import type { AttemptRecord, World } from "./world.ts";

/** Says why a task that could start waits. In sequential mode every task waits for its turn, and everybody knows. */
export function emitWait(world: World, task: number, reason: WaitReason): void {
  if (reason.kind === "turn" && world.settings.mode === "sequential") return;
  world.emit({ type: "task.waiting", taskId: world.tasks[task]!.id, reason: sayWait(world, task, reason) });
}

/** Says that an attempt starts, and under which headings its calls count. */
export function emitStarted(
  { tasks, works, settings, emit }: World,
  task: number,
  start: { readonly attempt: number; readonly cause: AttemptCause },
): void {
  const { executor, agentName: agent } = works[task]!;
  const { id: taskId, unmetered } = tasks[task]!;
  const { route, tags } = callHeadings(tasks[task]!, works[task]!, settings.routes);
  const tagged = tags.length === 0 ? {} : { tags };
  const past = unmetered === true ? { unmetered } : {};
  emit({ type: "attempt.started", taskId, ...start, executor, agent, route, ...tagged, ...past });
}

/** Says how an attempt ended. */
export function emitFinished(world: World, task: number, record: AttemptRecord): void {
  const { attempt, status, failure, because, resources, output } = record;
  const { id: taskId } = world.tasks[task]!;
  const isRefused = status === "failed" && world.budgets.hasRefused(taskId, attempt);
  const changed = record.effects?.changes.map((change) => change.path).slice(0, 100) ?? [];
  world.emit({
    ...{
      type: "attempt.finished",
      taskId,
      attempt,
      status,
      failure,
      because,
      resources,
    },
    ...(isRefused ? { refused: true } : {}),
    ...{ output: output === null ? null : describeData(decodeData(output)), changed },
  });
}

/** Says that a task has failed for good. */
export function emitFailed(
  { tasks, emit }: World,
  {
    task,
    attempt,
    failure,
  }: { readonly task: number; readonly attempt: number; readonly failure: TaskFailure },
): void {
  emit({ type: "task.failed", taskId: tasks[task]!.id, attempt, failure });
}
