import { type EventBody, runId, type TaskId, taskId } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AttemptCosts, attemptCost, costClassOf, noteAttempts } from "./attempt-costs.ts";
import type { CostClass } from "./cost-class.ts";

const [a, b] = [taskId("a"), taskId("b")];
const failure = { kind: "agent", error: { name: "Error", message: "no" } } as const;
const because = { reason: "cancelled", message: "" } as const;
const resources = {
  ...{ latencyMs: 1, queueMs: 0, cpuMs: null, peakMemoryMiB: null },
  ...{ vramPeakMiB: null, modelLoads: 0 },
};

type Status = "succeeded" | "failed" | "lost" | "aborted";
const finished = (attempt: number, status: Status = "succeeded", task: TaskId = a): EventBody => ({
  ...{ type: "attempt.finished", taskId: task, attempt, status, failure: null, because: null },
  ...{ resources, output: null, changed: [] },
});
const committed = (attempt: number, task: TaskId = a): EventBody => ({
  ...{ type: "task.committed", taskId: task, attempt, files: 0, bytes: 0, deleted: 0 },
});
const conflicted = (attempt: number, task: TaskId = a): EventBody => ({
  ...{ type: "task.conflicted", taskId: task, attempt, conflicts: [] },
});
const failed = (attempt: number, task: TaskId = a): EventBody => ({
  ...{ type: "task.failed", taskId: task, attempt, failure },
});
const skipped = (task: TaskId = a): EventBody => ({ type: "task.skipped", taskId: task, because });
const cancelled = (task: TaskId = a): EventBody => ({ type: "task.cancelled", taskId: task, because });

/** An event, or the number of an attempt of task a that is heard of for the first time. */
type Happening = EventBody | number;

function costsAfter(happenings: readonly Happening[]): AttemptCosts {
  const costs: AttemptCosts = new Map();
  happenings.forEach((happening, seq) => {
    if (typeof happening === "number") attemptCost(costs, a, happening);
    else noteAttempts(costs, { seq, at: seq, runId: runId("r"), ...happening });
  });
  return costs;
}

const classesAfter = (...happenings: Happening[]): CostClass[] =>
  [...(costsAfter(happenings).get(a)?.values() ?? [])].map(costClassOf);

describe("the class of an attempt's cost", () => {
  it("is useful when its task was committed by it, and while nothing is decided", () => {
    expect(classesAfter(1)).toEqual(["useful"]);
    expect(classesAfter(1, finished(1))).toEqual(["useful"]);
    expect(classesAfter(1, finished(1), committed(1))).toEqual(["useful"]);
  });

  it("is useful when it is done and a budget keeps the run from going on, until the task is done anew", () => {
    const halted = { reason: "budget", message: "" } as const;
    const skip = (done: { done?: true }): EventBody => ({
      ...{ type: "task.skipped", taskId: a, because: { ...halted, ...done } },
    });
    expect(classesAfter(1, finished(1), skip({ done: true }))).toEqual(["useful"]);
    expect(classesAfter(1, finished(1), skip({}))).toEqual(["failed-attempt"]);
    expect(classesAfter(1, finished(1), skip({ done: true }), 2, finished(2), committed(2))).toEqual([
      "failed-attempt",
      "useful",
    ]);
  });

  it.each(["failed", "lost", "aborted"] as const)("is failed-attempt when it %s", (status) => {
    expect(classesAfter(1, finished(1, status), 2, finished(2), committed(2))).toEqual([
      "failed-attempt",
      "useful",
    ]);
  });

  it.each([
    ["failed", failed(1)],
    ["skipped", skipped()],
    ["cancelled", cancelled()],
  ])("is failed-attempt when its result never counted: the task was %s", (_, decision) => {
    expect(classesAfter(1, finished(1), decision)).toEqual(["failed-attempt"]);
  });

  it("is failed-attempt when another attempt was committed in its stead", () => {
    expect(classesAfter(1, 2, finished(2), committed(2))).toEqual(["failed-attempt", "useful"]);
  });

  it("is not touched by what becomes of other tasks", () => {
    const others = [failed(1, b), skipped(b), committed(1, b), conflicted(1, b), finished(1, "failed", b)];
    expect(classesAfter(1, finished(1), ...others)).toEqual(["useful"]);
  });

  it("is conflict-rerun when it was thrown away, also when it was aborted for that", () => {
    const expected = ["conflict-rerun", "useful"];
    expect(classesAfter(1, finished(1), conflicted(1), 2, finished(2), committed(2))).toEqual(expected);
    expect(classesAfter(1, finished(1, "aborted"), conflicted(1), 2, committed(2))).toEqual(expected);
    expect(classesAfter(1, conflicted(1), finished(1, "aborted"), 2, committed(2))).toEqual(expected);
  });

  it("follows the latest decision when a resumed run takes a commit back or mends a failed task", () => {
    const expected = ["conflict-rerun", "useful"];
    expect(classesAfter(1, committed(1), 2, committed(2))).toEqual(expected);
    expect(classesAfter(1, committed(1), conflicted(1), 2, committed(2))).toEqual(expected);
    expect(classesAfter(1, failed(1), 2)).toEqual(["failed-attempt", "useful"]);
    expect(classesAfter(1, finished(1), cancelled(), committed(1))).toEqual(["useful"]);
  });
});

// The same classes, said as rules over a whole history instead of as a fold.
function ruledClass(events: readonly Happening[], attempt: number): CostClass {
  const last = (type: EventBody["type"], own: boolean): number =>
    events.findLastIndex(
      (event) =>
        typeof event === "object" &&
        event.type === type &&
        "attempt" in event &&
        (event.attempt === attempt) === own,
    );
  const commit = last("task.committed", true);
  if (last("task.conflicted", true) > commit) return "conflict-rerun";
  if (commit >= 0) return last("task.committed", false) > commit ? "conflict-rerun" : "useful";
  const entered = events.findIndex((event) =>
    typeof event === "object"
      ? event.type === "attempt.finished" && event.attempt === attempt
      : event === attempt,
  );
  const ends = (event: Happening): boolean => {
    if (typeof event === "number") return false;
    if (event.type === "attempt.finished") return event.attempt === attempt && event.status !== "succeeded";
    return ["task.committed", "task.failed", "task.skipped", "task.cancelled"].includes(event.type);
  };
  return entered >= 0 && events.slice(entered).some(ends) ? "failed-attempt" : "useful";
}

it("any history, legal or not, gives every attempt the class that the rules give it", () => {
  const attempts = fc.integer({ min: 1, max: 3 });
  const statuses = fc.constantFrom<Status>("succeeded", "failed", "lost", "aborted");
  const happening = fc.oneof(
    attempts,
    fc.tuple(attempts, statuses).map(([attempt, status]) => finished(attempt, status)),
    attempts.map((attempt) => conflicted(attempt)),
    attempts.map((attempt) => committed(attempt)),
    attempts.map((attempt) => failed(attempt)),
    fc.constantFrom(skipped(), cancelled()),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 12 }), (history) => {
      const events = [...history, 1, 2, 3];
      const costs = costsAfter(events);
      for (const attempt of [1, 2, 3]) {
        expect(costClassOf(attemptCost(costs, a, attempt))).toBe(ruledClass(events, attempt));
      }
    }),
    cases({ ci: 500, deep: 5_000 }),
  );
});
