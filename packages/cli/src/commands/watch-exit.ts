import { EXIT, type Io } from "./io.ts";
import { sayError } from "./say-error.ts";

/**
 * Sees to it that a process which ends before its run is over does not look like a success, whatever exit code an
 * agent chose. Returns what stops watching.
 *
 * @param wanted tells whether somebody asked for the end, so that there is nothing to explain
 */
export function watchExit(io: Io, runId: string, wanted: () => boolean): () => void {
  const listener = (): void => {
    if (wanted()) return;
    sayError(
      `Run ${runId} was cut off: this process was ended before the run was over, by an agent that called process.exit or by an error that nobody caught. What is committed stays. Agents in threads and processes cannot end the run: use another --executor than inline.`,
      io,
    );
    io.endWith(EXIT.failed);
  };
  io.process.on("exit", listener);
  return () => void io.process.off("exit", listener);
}
