import { type EventBody, type RunEvent, runId, taskId, type UsageRecord } from "@sheaf/core";
import { expect, it } from "vitest";
import { costOfAttempt } from "./cost-of-attempt.ts";

const own = { taskId: taskId("a"), attempt: 1 };
const costOf = (...bodies: readonly EventBody[]): number | null =>
  costOfAttempt(
    bodies.map((body, seq) => ({ seq, at: seq, runId: runId("r"), ...body }) as RunEvent),
    own,
  );
const started = (more: { unmetered?: true } = {}): EventBody =>
  ({ type: "attempt.started", ...own, agent: "w", route: "r", ...more }) as EventBody;
const told = (usage: Omit<UsageRecord, "model">, of: object = own): EventBody =>
  ({ type: "attempt.usage", ...own, ...of, usage: { model: "m", ...usage } }) as EventBody;

it("is the exact sum of what the attempt's calls have cost", () => {
  const calls = Array.from({ length: 1_000 }, () => told({ costUsd: 0.1 }));
  const others = [told({ costUsd: 1 }, { attempt: 2 }), told({ costUsd: 1 }, { taskId: taskId("b") })];
  expect(costOf(started(), ...calls, ...others)).toBe(100);
  expect(costOf(started())).toBe(0);
});

it("is not known where some call has no price, or not all calls were counted", () => {
  expect(costOf(started(), told({ costUsd: 1 }), told({ inputTokens: 5 }))).toBeNull();
  expect(costOf(started({ unmetered: true }), told({ costUsd: 1 }))).toBeNull();
  expect(costOf(started(), { type: "attempt.unmetered", ...own })).toBeNull();
});
