import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { CommanderError } from "commander";
import { EXIT, type Io } from "./io.ts";
import { createProgram } from "./program.ts";
import { sayThrown } from "./say-error.ts";

/** Runs the command that the arguments name and returns its exit code. Never rejects. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.succeeded;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said what there is to say. Help without a command is a mistake, help that was asked for is none.
    if (error instanceof CommanderError) {
      if (error.code === "commander.unknownCommand") suggestRun(args[0], io);
      return error.exitCode === 0 ? EXIT.succeeded : EXIT.badInput;
    }
    return sayThrown(error, io, program.opts().debug === true || args.includes("--debug"));
  }
}

function suggestRun(path: string | undefined, io: Io): void {
  if (path === undefined || !existsSync(resolve(io.cwd, path))) return;
  io.stderr.write(`To run this plan: sheaf run ${path}\n`);
}
