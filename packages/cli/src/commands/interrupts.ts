import { constants } from "node:os";
import type { Io } from "./io.ts";

// Not SIGHUP: to listen to it would undo nohup.
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
type InterruptSignal = (typeof SIGNALS)[number];

/** The signals that have come while a run was under way. */
export interface Interrupts {
  /** Exit code by the first signal, or null when none has come. */
  exitCode(): number | null;
  /** Stops listening. */
  stop(): void;
}

/** Calls `cancel` at the first signal and ends the process at the second. */
export function watchInterrupts(io: Io, cancel: (signal: InterruptSignal) => void): Interrupts {
  let first: InterruptSignal | null = null;
  const codeOf = (signal: InterruptSignal): number => 128 + constants.signals[signal];
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      if (first !== null) io.quit(codeOf(signal));
      else {
        first = signal;
        cancel(signal);
      }
    };
    io.process.on(signal, listener);
    return { signal, listener };
  });
  return {
    exitCode: () => (first === null ? null : codeOf(first)),
    stop() {
      for (const { signal, listener } of listeners) io.process.off(signal, listener);
    },
  };
}
