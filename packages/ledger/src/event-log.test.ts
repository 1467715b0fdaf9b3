import { getEventListeners } from "node:events";
import { type RunEvent, runId } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { EventLog } from "./event-log.ts";

const event = (seq: number): RunEvent => ({
  seq,
  at: seq,
  runId: runId("r"),
  type: "run.cancelling",
  message: "",
});

function logOf(count: number, first = 0): EventLog {
  const log = new EventLog(first);
  for (let i = 0; i < count; i++) log.push(event(first + i));
  return log;
}

async function seqs(events: AsyncIterable<RunEvent>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { seq } of events) seen.push(seq);
  return seen;
}

const follow = (log: EventLog, from = 0, signal?: AbortSignal): AsyncIterator<RunEvent> =>
  log.follow(from, signal)[Symbol.asyncIterator]();

describe("EventLog", () => {
  it("replays what was, goes on with what comes, and ends when it is closed", async () => {
    const log = logOf(2);
    const seen = seqs(log.follow(0, undefined));
    log.push(event(2));
    await Promise.resolve();
    log.push(event(3));
    log.close();
    expect(await seen).toEqual([0, 1, 2, 3]);
    expect(await seqs(log.follow(0, undefined))).toEqual([0, 1, 2, 3]);
  });

  it("starts at the asked number, past or to come, and at its first event where older ones are asked for", async () => {
    const log = logOf(3, 10);
    const reads = [0, 11, 14].map((from) => seqs(log.follow(from, undefined)));
    log.push(event(13));
    log.push(event(14));
    log.close();
    expect(await Promise.all(reads)).toEqual([[10, 11, 12, 13, 14], [11, 12, 13, 14], [14]]);
  });

  it("lets every reader go at its own pace (2)", async () => {
    const log = logOf(1);
    const slow = follow(log);
    expect((await slow.next()).value.seq).toBe(0);
    const quick = seqs(log.follow(0, undefined));
    for (let seq = 1; seq < 1000; seq++) log.push(event(seq));
    log.close();
    expect((await quick).length).toBe(1000);
    for (let seq = 1; seq < 1000; seq++) expect((await slow.next()).value.seq).toBe(seq);
    expect((await slow.next()).done).toBe(true);
  });

  it("serves reads in the order in which they were asked for, also several at once", async () => {
    const log = logOf(0);
    const reader = follow(log);
    const reads = [reader.next(), reader.next(), reader.next()];
    log.push(event(0));
    log.push(event(1));
    log.close();
    expect((await Promise.all(reads)).map(({ value, done }) => (done ? "done" : value.seq))).toEqual([
      0,
      1,
      "done",
    ]);
  });

  it("keeps nothing of a reader that breaks out of its loop (3)", async () => {
    const log = logOf(3);
    const { signal } = new AbortController();
    for await (const { seq } of log.follow(0, signal)) if (seq === 1) break;
    expect(log.waiting).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("ends a read that is under way when its reader returns, and no other (3)", async () => {
    const log = logOf(0);
    const { signal } = new AbortController();
    const [leaving, staying] = [follow(log, 0, signal), follow(log, 0, signal)];
    const [last, next] = [leaving.next(), staying.next()];
    expect(log.waiting).toBe(2);
    await leaving.return?.();
    expect((await last).done).toBe(true);
    expect(log.waiting).toBe(1);
    expect(getEventListeners(signal, "abort").length).toBe(1);
    log.push(event(0));
    expect((await next).value.seq).toBe(0);
    expect((await leaving.next()).done).toBe(true);
    expect(log.waiting).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("ends quietly when the signal is aborted, while it waits and also before", async () => {
    const log = logOf(1);
    const controller = new AbortController();
    const seen = seqs(log.follow(0, controller.signal));
    await Promise.resolve();
    controller.abort();
    expect(await seen).toEqual([0]);
    expect(await seqs(log.follow(0, controller.signal))).toEqual([]);
    expect(log.waiting).toBe(0);
  });
});
