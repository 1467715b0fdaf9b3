import { describe, expect, test } from "vitest";
import { SlotPool } from "./slot-pool.ts";

function member(pool: SlotPool, most: number, nested = false) {
  const granted = { count: 0 };
  const grant = (): void => {
    granted.count += 1;
  };
  const seat = pool.join({ most, nested, grant });
  return { ...seat, granted };
}

describe("slot pool", () => {
  test("a run gets no more slots than it may use at once", () => {
    const run = member(new SlotPool(), 3);
    run.want(10);
    expect(run.granted.count).toBe(3);
    run.release(1);
    expect(run.granted.count).toBe(4);
  });

  test("a run with few workers gets no more of them because another run has many", () => {
    const pool = new SlotPool();
    const few = member(pool, 1);
    const many = member(pool, 3);
    few.want(10);
    many.want(10);
    expect([few.granted.count, many.granted.count]).toEqual([1, 2]);
  });

  test("two runs share one budget and take turns", () => {
    const pool = new SlotPool();
    const first = member(pool, 2);
    const second = member(pool, 2);
    first.want(10);
    second.want(10);
    expect([first.granted.count, second.granted.count]).toEqual([2, 0]);
    first.release(1);
    expect([first.granted.count, second.granted.count]).toEqual([2, 1]);
    first.release(1);
    second.release(1);
    expect([first.granted.count, second.granted.count]).toEqual([3, 2]);
  });

  test("a nested run with more workers than its parent does not widen the budget", () => {
    const pool = new SlotPool();
    const outer = member(pool, 2);
    outer.want(1);
    const inner = member(pool, 8, true);
    inner.want(8);
    expect(inner.granted.count).toBe(1);
  });

  test("a task that waits for a nested run lends its slot and gets the next free one back", async () => {
    const pool = new SlotPool();
    const outer = member(pool, 1);
    outer.want(1);
    const inner = member(pool, 1, true);
    inner.want(2);
    expect(inner.granted.count).toBe(0);
    const takeBack = outer.lend();
    expect(inner.granted.count).toBe(1);
    let back = false;
    const taken = takeBack().then(() => {
      back = true;
    });
    expect(back).toBe(false);
    inner.release(1);
    await taken;
    expect(back).toBe(true);
    expect(inner.granted.count).toBe(1);
  });

  test("a run that leaves frees what it held", () => {
    const pool = new SlotPool();
    const first = member(pool, 2);
    const second = member(pool, 2);
    first.want(2);
    second.want(1);
    first.leave();
    expect(second.granted.count).toBe(1);
  });
});
