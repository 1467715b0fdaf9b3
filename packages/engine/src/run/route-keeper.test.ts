import type { EventBody } from "@sheaf/core";
import { FakeClock } from "@sheaf/testkit";
import { expect, test } from "vitest";
import { RouteKeeper } from "./route-keeper.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A keeper whose writes end as they are told to. */
function rig() {
  const clock = new FakeClock();
  const told: EventBody[] = [];
  const writes: {
    readonly signal: AbortSignal;
    readonly end: (faults: readonly string[] | Promise<never>) => void;
  }[] = [];
  let flushed = 0;
  const keeper = new RouteKeeper({
    ...{ stateDir: "/state", url: undefined, routes: ["draft"], clock },
    flush: () => {
      flushed += 1;
    },
    emit: (body) => told.push(body),
    write: (_order, { signal }) =>
      new Promise((resolve) => {
        expect(flushed).toBe(writes.length + 1);
        signal.addEventListener("abort", () => resolve([]));
        writes.push({ signal, end: resolve });
      }),
  });
  keeper.begin();
  return { clock, told, writes, keeper };
}

test("a snapshot is written a minute after the last one, never two at once, and at the end", async () => {
  const { clock, told, writes, keeper } = rig();
  await clock.advance(59_999);
  expect(writes).toHaveLength(0);
  await clock.advance(1);
  await clock.advance(300_000);
  expect(writes).toHaveLength(1);
  writes[0]!.end([]);
  await nextTurn();
  await clock.advance(60_000);
  expect(writes).toHaveLength(2);
  const finished = keeper.finish();
  expect(writes[1]!.signal.aborted).toBe(true);
  await nextTurn();
  writes[2]!.end([]);
  await finished;
  await clock.advance(600_000);
  expect([writes.length, told]).toEqual([3, []]);
});

test("a fault is told, and it is tried once more at the end", async () => {
  const { clock, told, writes, keeper } = rig();
  await clock.advance(60_000);
  writes[0]!.end(["the disk is full", "and it smells"]);
  await nextTurn();
  await clock.advance(600_000);
  expect(writes).toHaveLength(1);
  const finished = keeper.finish();
  await nextTurn();
  writes[1]!.end(Promise.reject(new Error("no more threads")));
  await finished;
  const last = "The snapshot of routes was not written: no more threads";
  expect(told).toEqual(
    ["the disk is full", "and it smells", last].map((reason) => ({
      ...{ type: "run.fallback", part: "telemetry", reason },
    })),
  );
});
