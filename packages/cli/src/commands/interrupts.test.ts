import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { watchInterrupts } from "./interrupts.ts";
import type { Io } from "./io.ts";

it("the first signal cancels, the second quits at once, and later nobody listens", () => {
  const signals = new EventEmitter();
  const happened: unknown[] = [];
  const io = { process: signals, quit: (code: number) => happened.push(code) } as unknown as Io;
  const interrupts = watchInterrupts(io, (signal) => happened.push(signal));
  expect(interrupts.exitCode()).toBeNull();
  signals.emit("SIGINT");
  expect([happened, interrupts.exitCode()]).toEqual([["SIGINT"], 130]);
  signals.emit("SIGTERM");
  expect([happened, interrupts.exitCode()]).toEqual([["SIGINT", 143], 130]);
  interrupts.stop();
  expect(signals.eventNames()).toEqual([]);
});
