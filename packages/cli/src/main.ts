import process from "node:process";
import { runCli } from "./commands/run-cli.ts";

// A reader that has gone away (`| head -1`, a closed terminal) is no reason to stop a run that costs money.
const ignoreGone = (stream: NodeJS.WriteStream): void => {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
};

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write("", () => resolve());
  });

/** Runs the command line of this process and ends it. */
export async function main(): Promise<void> {
  const { stdout, stderr, env } = process;
  ignoreGone(stdout);
  ignoreGone(stderr);
  const exitCode = await runCli(process.argv.slice(2), {
    ...{ stdout, stderr, env, cwd: process.cwd(), signals: process },
    quit: (code) => process.exit(code),
  });
  // Agents that ran in this thread may have left timers behind; what they wait for is nobody's concern now.
  await Promise.all([flushed(stdout), flushed(stderr)]);
  process.exit(exitCode);
}
