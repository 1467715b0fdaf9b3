import { SheafError, type TaskFailure, toWireError } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { failureLine, failureText, stderrTail } from "./failure-text.ts";

const command = (exitCode: number | null, signal: string | null, tail: string): TaskFailure => ({
  kind: "command",
  error: toWireError(new SheafError("COMMAND_FAILED", { taskId: "fit", exitCode, signal, stderrTail: tail })),
});

const thrown = (kind: TaskFailure["kind"], error: unknown): TaskFailure => ({
  kind,
  error: toWireError(error),
});

describe("failureText", () => {
  it("says of a command how it ended", () => {
    expect(failureText(command(3, null, "boom"))).toBe("exit code 3");
    expect(failureText(command(null, "SIGKILL", ""))).toBe("ended by SIGKILL");
  });

  it("says of a limit which it was", () => {
    const timeout = new SheafError("ATTEMPT_TIMED_OUT", { taskId: "fit", timeoutMs: 120_000 });
    const idle = new SheafError("ATTEMPT_IDLE", { taskId: "fit", idleTimeoutMs: 5_000 });
    expect(failureText(thrown("timeout", timeout))).toBe("timed out after 2m00s");
    expect(failureText(thrown("idle", idle))).toBe("showed no sign of life for 5.0s");
  });

  it("says of an output that was not there yet whose it is", () => {
    const early = new SheafError("INPUT_NOT_READY", { taskId: "fit", from: "fetch" });
    expect(failureText(thrown("input", early))).toBe("took the output of fetch too early");
  });

  it("says of an agent's error its class and message, in one line of bounded length", () => {
    expect(failureText(thrown("agent", new TypeError("no\nsuch \u001b[31mfield")))).toBe(
      "TypeError: no such field",
    );
    expect(failureText(thrown("agent", new Error("plain")))).toBe("plain");
    expect(failureText(thrown("agent", new Error("x".repeat(5_000)))).length).toBeLessThan(400);
  });
});

describe("failureLine", () => {
  it("adds the last thing that a command said", () => {
    expect(failureLine(command(1, null, "Traceback:\n  ValueError: bad\n\n"))).toBe(
      "exit code 1: ValueError: bad",
    );
    expect(failureLine(command(1, null, ""))).toBe("exit code 1");
  });
});

describe("stderrTail", () => {
  it("is null where there is nothing to show", () => {
    expect(stderrTail(command(1, null, "a\nb"))).toEqual(["a", "b"]);
    expect(stderrTail(command(1, null, ""))).toBeNull();
    expect(stderrTail(thrown("agent", new Error("x")))).toBeNull();
  });
});
