import type { CallFinished, CallStarted } from "@sheaf/ledger";
import { describe, expect, it } from "vitest";
import { Repeats } from "./repeats.ts";

const start = (call: number, request: string, httpRetry: number | null = null) =>
  ({ call, request, httpRetry }) as CallStarted;
const end = (call: number) => ({ call }) as CallFinished;

describe("Repeats", () => {
  it("finds the call that a client makes anew, by what it asks for", () => {
    const repeats = new Repeats();
    expect(repeats.started(start(1, "a", 0))).toBeNull();
    expect(repeats.started(start(2, "b", 0))).toBeNull();
    expect([repeats.finished(end(1)), repeats.finished(end(2))]).toEqual([false, false]);
    expect(repeats.started(start(3, "a", 1))).toBe(1);
    expect(repeats.finished(end(3))).toBe(false);
    expect(repeats.started(start(4, "a", 2))).toBe(3);
  });

  it("tells of a call that ends after it was made anew when it ends", () => {
    const repeats = new Repeats();
    repeats.started(start(1, "a"));
    expect(repeats.started(start(2, "a", 1))).toBeNull();
    expect(repeats.finished(end(1))).toBe(true);
    expect(repeats.finished(end(2))).toBe(false);
  });

  it("takes the same question, asked again on purpose, for another call", () => {
    const repeats = new Repeats();
    repeats.started(start(1, "a"));
    repeats.finished(end(1));
    expect(repeats.started(start(2, "a", 0))).toBeNull();
    expect(repeats.started(start(3, "a"))).toBeNull();
  });
});
