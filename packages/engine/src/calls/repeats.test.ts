import type { CallState } from "@sheaf/core";
import type { CallFinished, CallStarted } from "@sheaf/ledger";
import { describe, expect, it } from "vitest";
import { Repeats } from "./repeats.ts";

const start = (call: number, request: string, httpRetry: number | null = null) =>
  ({ call, request, httpRetry }) as CallStarted;
const end = (call: number, request = "a", state: CallState = "http-error") =>
  ({ call, request, state }) as CallFinished;

describe("Repeats", () => {
  it("finds the call that a client makes anew, by what it asks for", () => {
    const repeats = new Repeats();
    expect(repeats.started(start(1, "a", 0))).toBeNull();
    expect(repeats.started(start(2, "b", 0))).toBeNull();
    expect([repeats.finished(end(1)), repeats.finished(end(2, "b"))]).toEqual([false, false]);
    expect(repeats.started(start(3, "a", 1))).toBe(1);
    expect(repeats.finished(end(3))).toBe(false);
    expect(repeats.started(start(4, "a", 2))).toBe(3);
  });

  it("tells of a call that ends after it was made anew when it ends", () => {
    const repeats = new Repeats();
    repeats.started(start(1, "a"));
    expect(repeats.started(start(2, "a", 1))).toBeNull();
    expect(repeats.finished(end(1, "a", "ok"))).toBe(true);
    expect(repeats.finished(end(2))).toBe(false);
    expect(repeats.started(start(3, "a", 2))).toBe(2);
  });

  it("takes the same question, asked again on purpose, for another call", () => {
    const repeats = new Repeats();
    repeats.started(start(1, "a"));
    repeats.finished(end(1));
    expect(repeats.started(start(2, "a", 0))).toBeNull();
    expect(repeats.started(start(3, "a"))).toBeNull();
  });

  it.each(["http-error", "unreachable", "aborted"] as const)(
    "of calls that ask the same, finds the one that came to nothing (%s)",
    (state) => {
      const repeats = new Repeats();
      for (const call of [1, 2, 3]) repeats.started(start(call, "a", 0));
      repeats.finished(end(2, "a", state));
      repeats.finished(end(3, "a", "ok"));
      expect(repeats.started(start(4, "a", 1))).toBe(2);
      expect(repeats.finished(end(1, "a", "ok"))).toBe(false);
    },
  );

  it("finds each call once, and none whose answer came whole", () => {
    const repeats = new Repeats();
    repeats.started(start(1, "a", 0));
    repeats.started(start(2, "a", 0));
    repeats.finished(end(1, "a", "ok"));
    repeats.finished(end(2));
    expect(repeats.started(start(3, "a", 1))).toBe(2);
    repeats.finished(end(3, "a", "ok"));
    expect(repeats.started(start(4, "a", 1))).toBeNull();
  });
});
