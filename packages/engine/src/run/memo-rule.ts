import type { MemoRule, MemoScope, Task } from "@sheaf/core";
import type { AgentNeeds } from "../agents/define-agent.ts";
import type { Settings } from "../config/settings.ts";

/** How what one task did may be used again. */
export interface TaskMemo {
  readonly scope: MemoScope;
  /** In ms; Infinity for ever. */
  readonly ttlMs: number;
}

/**
 * Returns how a task's work may be used again, or null where it may not. Whether, where and how long are each as the
 * nearest of task, agent and run says.
 */
export function taskMemo(task: Task, needs: AgentNeeds, settings: Settings): TaskMemo | null {
  const said = [task.memo, needs.memo, settings.memo].filter((each) => each !== undefined);
  if (said[0] === false) return null;
  const rules = said.filter((each): each is MemoRule => typeof each === "object");
  const scope = rules.find((rule) => rule.scope !== undefined)?.scope;
  const ttlMs = rules.find((rule) => rule.ttlMs !== undefined)?.ttlMs ?? settings.memoTtlMs;
  return {
    scope: scope ?? (settings.memoStore === null ? "directory" : "shared"),
    ttlMs: ttlMs === 0 ? Number.POSITIVE_INFINITY : ttlMs,
  };
}
