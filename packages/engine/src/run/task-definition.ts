import { createHash } from "node:crypto";
import type { Task } from "@sheaf/core";
import type { TaskWork } from "../agents/resolve-work.ts";

/** Where a task's work is defined, without what changes from one machine to the next. */
function workOf({ work, agentName }: TaskWork): readonly (string | null)[] {
  switch (work.kind) {
    case "closure":
      return ["closure", agentName];
    case "module":
      return ["module", agentName, work.exportName];
    case "command":
      return ["command"];
    default:
      return work satisfies never;
  }
}

// JSON has none of its own.
const withBigints = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? { bigint: String(value) } : value;

/**
 * Returns a key of what a task is asked to do: the same id with the same words, input and agent is the same task, in
 * this run and in the next.
 */
export function taskDefinition(task: Task, work: TaskWork): string {
  const { id, description, run, input, reads, writes } = task;
  const words = [description ?? null, run ?? null, input ?? null, reads ?? null, writes ?? null];
  const asked = JSON.stringify([...words, workOf(work)], withBigints);
  return `${id} ${createHash("sha256").update(asked).digest("hex").slice(0, 32)}`;
}
