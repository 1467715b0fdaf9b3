import type { EventBody, RunEvent, RunId, TaskId } from "@sheaf/core";
import { expect, test } from "vitest";
import { toldByJournal } from "./told-by-journal.ts";

const taskId = "t" as TaskId;
const other = "u" as TaskId;

/** Events of which only what is said about tasks matters. */
const events = (...bodies: readonly object[]): readonly RunEvent[] =>
  bodies.map((body, seq) => ({ seq, at: seq, runId: "r" as RunId, ...(body as EventBody) }));

const started = (attempt: number) => ({ type: "attempt.started", taskId, attempt });
const finished = (attempt: number, status: string) => ({ type: "attempt.finished", taskId, attempt, status });
const committed = (attempt: number) => ({ type: "task.committed", taskId, attempt });
const resumed = (more: object) => ({ type: "run.resumed", done: 0, takenBack: [], reusable: 0, ...more });
const doubted = { type: "task.failed", taskId, attempt: 1, failure: { error: { code: "RUN_IN_DOUBT" } } };
const failed = { type: "task.failed", taskId, attempt: 1, failure: { error: { code: "TASK_FAILED" } } };

test("what is in the directory is committed, though the process died before it could say so", () => {
  const told = toldByJournal(events(started(1), started(3)), [taskId, other]);
  expect([...told.committed]).toEqual([
    [taskId, 3],
    [other, 1],
  ]);
  const said = toldByJournal(events(started(1), committed(1), started(2)), [taskId]);
  expect(said.committed.get(taskId)).toBe(1);
});

test("a number that an attempt of another run got is not given away again", () => {
  const reused = (attempt: number) => ({
    type: "task.reused",
    taskId,
    attempt,
    from: "memo",
    savedUsd: null,
  });
  const last = (...bodies: readonly object[]) => toldByJournal(events(...bodies), []).attempts.get(taskId);
  expect([last(reused(1)), last(started(1), reused(2)), last(started(1), started(2), reused(1))]).toEqual([
    1, 2, 2,
  ]);
  expect(toldByJournal(events(reused(3)), [taskId]).committed.get(taskId)).toBe(3);
});

test("what was taken back is not committed, unless it has been again", () => {
  const back = [started(1), finished(1, "succeeded"), committed(1), resumed({ takenBack: [taskId] })];
  expect(toldByJournal(events(...back), []).committed.size).toBe(0);
  expect(toldByJournal(events(...back, started(2), committed(2)), []).committed.get(taskId)).toBe(2);
});

test("an attempt is open until it is heard of; one that was cut off stays so", () => {
  const open = (...bodies: readonly object[]): boolean =>
    toldByJournal(events(...bodies), []).open.has(taskId);
  expect(open(started(1))).toBe(true);
  expect(open(started(1), finished(1, "lost"))).toBe(true);
  expect(open(started(1), finished(1, "aborted"))).toBe(true);
  expect(open(started(1), finished(1, "failed"))).toBe(false);
  const failedBy = (kind: string) => ({ ...finished(1, "failed"), failure: { kind } });
  const kinds = ["timeout", "idle", "out-of-memory", "agent", "command", "output"];
  expect(kinds.filter((kind) => open(started(1), failedBy(kind)))).toEqual(kinds.slice(0, 3));
  expect(open(started(1), finished(1, "succeeded"), started(2))).toBe(true);
});

test("only a failure that asks for a decision leaves a doubt, until the task is started or decided about", () => {
  const isDoubted = (...bodies: readonly object[]): boolean =>
    toldByJournal(events(...bodies), []).doubted.has(taskId);
  expect([isDoubted(failed), isDoubted(doubted), isDoubted(doubted, started(2))]).toEqual([
    false,
    true,
    false,
  ]);
  expect(isDoubted(doubted, resumed({ decided: { t: "done" } }))).toBe(false);
});

test("again voids all attempts before it, done none", () => {
  const before = [started(1), finished(1, "succeeded"), started(2), finished(2, "lost")];
  const decided = (decision: "again" | "done") =>
    toldByJournal(events(...before, resumed({ decided: { t: decision } })), []);
  expect([decided("again").voided.get(taskId), decided("again").succeeded.has(taskId)]).toEqual([2, false]);
  expect([decided("done").voided.has(taskId), decided("done").succeeded.has(taskId)]).toEqual([false, true]);
  expect(decided("again").open.has(taskId)).toBe(false);
});
