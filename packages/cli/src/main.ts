import process from "node:process";
import { EXIT, type Io } from "./commands/io.ts";
import { runCli } from "./commands/run-cli.ts";
import { sayError } from "./commands/say-error.ts";

const { stdout, stderr } = process;
// Whatever is done to the stream later, these are the command's own results.
const writeResult = stdout.write.bind(stdout);

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would become too large",
};

/** Keeps the first error of a stream for which somebody should be told. */
function watchOutput(stream: NodeJS.WriteStream): { error: NodeJS.ErrnoException | null } {
  const watched: { error: NodeJS.ErrnoException | null } = { error: null };
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has gone away (`| head -1`, a closed terminal) is no reason to stop a run that costs money.
    if (error.code !== "EPIPE" && error.code !== "EIO") watched.error ??= error;
  });
  return watched;
}

const flushed = (stream: NodeJS.WriteStream, write: NodeJS.WriteStream["write"]): Promise<void> =>
  new Promise((resolve) => {
    // What broke it is told in a turn of its own.
    if (stream.destroyed || !stream.writable) setImmediate(resolve);
    else write("", () => resolve());
  });

/** Runs the command line of this process and ends it. */
export async function main(): Promise<void> {
  const output = watchOutput(stdout);
  watchOutput(stderr); // what it would have said cannot be said anywhere
  const io: Io = {
    ...{ stdout, stderr, env: process.env, cwd: process.cwd(), process },
    quit: (code) => process.exit(code),
    endWith: (code) => {
      process.exitCode = code;
    },
    keepStdout: () => {
      stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
      return (text) => void writeResult(text);
    },
  };
  let exitCode = await runCli(process.argv.slice(2), io);
  // Agents that ran in this thread may have left timers behind; what they wait for is nobody's concern now.
  await flushed(stdout, writeResult);
  if (output.error !== null) {
    const { code = "", message } = output.error;
    sayError(`The output could not be written: ${REASONS[code] ?? message} (${code}).`, io);
    if (exitCode === EXIT.succeeded) exitCode = EXIT.failed;
  }
  await flushed(stderr, stderr.write.bind(stderr));
  process.exit(exitCode);
}
