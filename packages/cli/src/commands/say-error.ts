import { SheafError } from "@sheaf/core";
import { palette } from "../show/palette.ts";
import { terminalLook } from "../show/terminal-look.ts";
import { EXIT, type Io } from "./io.ts";

const MOST_PROBLEMS = 20;

/** Prints what is wrong with a plan, one line each. */
export function sayProblems(problems: readonly string[], io: Io): number {
  for (const problem of problems.slice(0, MOST_PROBLEMS)) sayError(problem, io);
  const more = problems.length - MOST_PROBLEMS;
  if (more > 0) io.stderr.write(`and ${more} more\n`);
  return EXIT.badInput;
}

/** Prints one sentence. */
export function sayError(message: string, io: Io): void {
  const paint = palette(terminalLook(io.stderr, io.env));
  io.stderr.write(`${paint.bad("error:")} ${message}\n`);
}

/**
 * Prints why a command could not do its work and returns its exit code. A mistake of the user's is one sentence; for
 * a fault of Sheaf's own, `debug` adds where in the code it happened.
 */
export function sayThrown(error: unknown, io: Io, debug: boolean): number {
  const message = error instanceof Error ? error.message : String(error);
  sayError(message, io);
  if (debug && error instanceof Error) io.stderr.write(`${error.stack}\n`);
  if (error instanceof SheafError) return EXIT.badInput;
  if (!debug) io.stderr.write("This should not happen. Run it again with --debug to see where it does.\n");
  return EXIT.failed;
}
