import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import {
  type AbortCause,
  type AttemptEnd,
  type AttemptPort,
  type AttemptRequest,
  type Clock,
  encodeData,
  type RunningAttempt,
  SheafError,
  toWireError,
} from "@sheaf/core";
import { readTimes, startCommand } from "./guarded-process.ts";
import { treeMemory } from "./process-memory.ts";
import { placeInRoom } from "./room-path.ts";
import { watchPrograms } from "./watch-programs.ts";
import { GRACE_MS } from "./worker-attempt-handle.ts";

/** A command's output is at most this much of the end of what it printed; all of it is in its log. */
const MAX_OUTPUT_BYTES = 64 * 1024;
const STDERR_TAIL = 600;

/** What was kept of a stream. */
interface Kept {
  /** The last of it. */
  tail(): Buffer;
  /** Bytes in all. */
  size(): number;
}

/** Keeps the end of a stream in memory and all of it in a file. */
function keepStream(stream: Readable | null | undefined, file: string, onData: () => void): Kept {
  if (!stream) return { tail: () => Buffer.alloc(0), size: () => 0 };
  const log = createWriteStream(file);
  log.on("error", () => stream.resume()); // a full disk must not stop the command from being read
  let tail = Buffer.alloc(0);
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    onData();
    size += chunk.length;
    tail = Buffer.concat([tail, chunk]);
    if (tail.length > 2 * MAX_OUTPUT_BYTES) tail = tail.subarray(-MAX_OUTPUT_BYTES);
  });
  stream.pipe(log);
  return { tail: () => tail.subarray(-MAX_OUTPUT_BYTES), size: () => size };
}

function keepText(stream: Readable | null | undefined): () => string {
  let text = "";
  stream?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}

const withoutBreak = (text: Buffer): string => text.toString().replace(/\r?\n$/, "");

const sayCut = (size: number, log: string): string =>
  `The command printed ${size} bytes; its output is the last ${MAX_OUTPUT_BYTES} of them. All of it is in ${log}.`;

const lastLines = (text: string): string => {
  const trimmed = text.trim();
  return trimmed.length <= STDERR_TAIL ? trimmed : `… ${trimmed.slice(-STDERR_TAIL)}`;
};

// In a run without files a command must not find itself in the caller's directory.
function emptyFolder(beside: string): string {
  const folder = join(beside, "temp");
  mkdirSync(folder, { recursive: true });
  return folder;
}

export interface CommandOptions {
  readonly clock: Clock;
  readonly enter: readonly string[];
  /** What the command finds beside the variables of its attempt. */
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a shell command in the attempt's work directory. Its output is what it printed, the last line break removed. */
export function runCommand(
  request: AttemptRequest,
  port: AttemptPort,
  { clock, enter, env: environment }: CommandOptions,
): RunningAttempt & { readonly pid: number | undefined } {
  const { place, work, task, env } = request;
  const { view } = placeInRoom(place);
  if (work.kind !== "command" || place.beside === null) throw new Error("Internal error: no command to run");
  const logs = join(place.beside, "logs");
  mkdirSync(logs, { recursive: true });
  const startedAt = clock.now();
  const watched = watchPrograms(request);
  const guarded = startCommand(work.command, {
    cwd: view ?? emptyFolder(place.beside),
    env: { ...environment, ...env, ...watched.env },
    ...{ clock, enter: place.room?.enter ?? enter },
  });
  const { child } = guarded;
  const log = join(logs, "stdout.txt");
  const stdout = keepStream(child?.stdout, log, () => port.heartbeat());
  const stderr = keepStream(child?.stderr, join(logs, "stderr.txt"), () => port.heartbeat());
  const times = keepText(child?.stdio[3] as Readable | undefined);
  let peakMiB: number | null = null;
  let aborted = false;
  const memoryMiB = (): number | null => {
    const memory = child?.pid === undefined ? null : treeMemory(child.pid);
    if (memory !== null) peakMiB = Math.max(memory.peakMiB, peakMiB ?? 0);
    return memory?.nowMiB ?? null;
  };
  child?.once("spawn", memoryMiB);
  const measured = () => ({
    latencyMs: clock.now() - startedAt,
    cpuMs: readTimes(times()),
    peakMemoryMiB: peakMiB,
  });
  // The command is over when its shell is; what it left running ends with it.
  const ended = guarded.over.then(({ code: exitCode, signal, error, escaped }): AttemptEnd => {
    const common = { measured: measured(), taken: [], quiet: !escaped, observed: watched.observed(escaped) };
    const failed = (cause: Error): AttemptEnd => ({
      ...{ status: "failed", kind: "command", error: toWireError(cause), ...common },
    });
    if (error !== null) return failed(error);
    if (aborted) return { status: "aborted", ...common };
    if (exitCode === 0) {
      if (stdout.size() > MAX_OUTPUT_BYTES) port.log(sayCut(stdout.size(), log));
      return { status: "succeeded", output: encodeData(withoutBreak(stdout.tail()), task.id), ...common };
    }
    const stderrTail = lastLines(stderr.tail().toString());
    return failed(new SheafError("COMMAND_FAILED", { taskId: task.id, exitCode, signal, stderrTail }));
  });
  return {
    pid: child?.pid,
    ended,
    memoryMiB,
    abort(cause: AbortCause) {
      if (aborted) return;
      aborted = true;
      guarded.signal("SIGTERM");
      const stop = clock.after(cause.kind === "out-of-memory" ? 0 : GRACE_MS, () => guarded.release());
      void ended.then(stop);
    },
  };
}
