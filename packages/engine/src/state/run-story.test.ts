import type { EventBody, RunEvent, RunId, TaskId } from "@sheaf/core";
import { expect, test } from "vitest";
import { readAttempts } from "./run-story.ts";

const [a, b, c] = ["a", "b", "c"] as TaskId[] as [TaskId, TaskId, TaskId];

const story = (...bodies: readonly EventBody[]) =>
  readAttempts(bodies.map((body, seq): RunEvent => ({ ...body, seq, at: 0, runId: "r" as RunId })));

const committed = (taskId: TaskId): EventBody => ({
  ...{ type: "task.committed", taskId, attempt: 1, files: 0, bytes: 0, deleted: 0 },
});

const finished = (taskId: TaskId): EventBody => ({
  ...{ type: "attempt.finished", taskId, attempt: 1, status: "succeeded", failure: null, because: null },
  ...{ resources: {} as never, output: null, changed: [] },
});

test("a run that was killed before its plan was told of has its tasks in the order of their commits", () => {
  const { order } = story(finished(c), finished(a), committed(a), finished(b), committed(b));
  expect(order).toEqual([a, b, c]);
});

test("the plan says the order, also of tasks of which nothing has come yet", () => {
  const plan = { levels: 1, width: 3, criticalPath: [], speedupBound: 1, summary: "" };
  const { order } = story(finished(b), { type: "run.planned", order: [a, b, c], ...plan });
  expect(order).toEqual([a, b, c]);
});
