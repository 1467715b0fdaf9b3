import { FakeClock } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { ServerSilent, withinSilence } from "./within-silence.ts";

const never = (): Promise<never> => new Promise(() => {});

const rig = () => {
  const clock = new FakeClock();
  const caller = new AbortController();
  return { clock, caller, options: { silenceMs: 100, clock, signal: caller.signal } };
};

describe("withinSilence", () => {
  it("returns what the work returns, ends what it left open, and leaves no timer", async () => {
    const { clock, options } = rig();
    let inner: AbortSignal | undefined;
    let late = (): void => {};
    const work = async (signal: AbortSignal, heard: () => void): Promise<number> => {
      inner = signal;
      late = heard;
      return 3;
    };
    expect(await withinSilence(work, options)).toBe(3);
    expect(inner!.aborted).toBe(true);
    late();
    expect(clock.pending).toBe(0);
  });

  it("ends when nothing was heard for too long, before the first sign of life and after one", async () => {
    const { clock, options } = rig();
    const waiting = expect(withinSilence(never, options)).rejects.toThrow(ServerSilent);
    clock.advance(100);
    await waiting;
    let heard = (): void => {};
    const work = (_: AbortSignal, listen: () => void): Promise<never> => {
      heard = listen;
      return never();
    };
    let isOver = false;
    const other = withinSilence(work, options).catch(() => {
      isOver = true;
    });
    for (let i = 0; i < 5; i++) {
      clock.advance(99);
      heard();
    }
    await Promise.resolve();
    expect(isOver).toBe(false);
    clock.advance(100);
    await other;
    expect(isOver).toBe(true);
  });

  it("throws the caller's reason at once, before the work or in the middle of it", async () => {
    const { clock, caller, options } = rig();
    const waiting = withinSilence(never, options);
    caller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(withinSilence(never, options)).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
  });
});
