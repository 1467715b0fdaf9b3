import { describe, expect, it } from "vitest";
import { TIMED_OUT, withinDeadline } from "./within-deadline.ts";

const never = (): Promise<never> => new Promise(() => {});
const MINUTE = { timeoutMs: 60_000, signal: undefined };

describe("withinDeadline", () => {
  it("returns what the work returns, and ends what it left open", async () => {
    let inner: AbortSignal | undefined;
    const work = async (signal: AbortSignal): Promise<number> => {
      inner = signal;
      return 3;
    };
    expect(await withinDeadline(work, MINUTE)).toBe(3);
    expect(inner!.aborted).toBe(true);
  });

  it("leaves no timer behind that would keep the process alive", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((one) => one === "Timeout").length;
    const before = timers();
    await withinDeadline(async () => 3, MINUTE);
    expect(timers()).toBe(before);
  });

  it("passes on what the work throws", async () => {
    await expect(withinDeadline(() => Promise.reject(new Error("no")), MINUTE)).rejects.toThrow("no");
  });

  it("returns when the time is up, even if the work takes no notice", async () => {
    let inner: AbortSignal | undefined;
    const work = (signal: AbortSignal): Promise<never> => {
      inner = signal;
      return never();
    };
    expect(await withinDeadline(work, { timeoutMs: 1, signal: undefined })).toBe(TIMED_OUT);
    expect(inner!.aborted).toBe(true);
  });

  it("throws the caller's reason at once, before the work or in the middle of it", async () => {
    const caller = new AbortController();
    const waiting = withinDeadline(never, { timeoutMs: 60_000, signal: caller.signal });
    caller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    let begun = false;
    const work = async (): Promise<void> => {
      begun = true;
    };
    await expect(withinDeadline(work, { timeoutMs: 60_000, signal: caller.signal })).rejects.toThrow(
      "enough",
    );
    expect(begun).toBe(false);
  });
});
