// Child processes that cannot outlive the engine, and whose whole group ends with them.
//
// A small shell stands guard: it waits on a pipe that only the engine holds open. When the pipe closes, because the
// engine closed it or because the engine is gone however it went, the guard kills its process group, and with it
// everything that the child has started and left behind.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import type { Clock } from "@sheaf/core";
import { childCount } from "./process-memory.ts";

// Entering a namespace puts a process into "/", where the guard stays: a mount would be in use as long as it works there.
const GO_TO = 'cd -- "$1" || exit; shift;';

/** How long what a child wrote is waited for once it has ended, in ms. */
const PIPE_PATIENCE_MS = 1_000;

// Some shells take `--` for a process. It is deaf to what ends others gently, else the group would lose it before its time.
const GUARD = "(trap '' TERM INT HUP; exec 0<&4 1>&- 2>&- 3>&- 4<&-; read -r _; kill -9 -$$) &";

/** Runs a program in place of the shell. */
const EXEC = 'exec "$@" 4<&-';

/** Runs a shell command, then writes the processor time that it took to descriptor 3. */
// The outer shell outlives a gentle signal, so that the command may clean up; the inner one gets it as usual.
const TIMED_COMMAND = 'trap : TERM INT HUP; sh -c "$1" sh 3>&- 4<&-; code=$?; times >&3; exit $code';

export interface GuardedOptions {
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** What is put before the command line, as `Workdir.enter` says; nothing for a process that stays outside. */
  readonly enter: readonly string[];
}

/** How a child ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started, or null. */
  readonly error: Error | null;
  /** Something that it has started left the group, holds its output open, and may go on. */
  readonly escaped: boolean;
}

/** A child in a process group of its own. */
export interface GuardedProcess {
  /** Null where the system could not make one; `over` says why. */
  readonly child: ChildProcess | null;
  /** Resolves when the child has ended, its group with it, and what it wrote has been read. Never rejects. */
  readonly over: Promise<ProcessEnd>;
  /** Sends a signal to the whole group; harmless when it is gone. */
  signal(signal: NodeJS.Signals): void;
  /** Ends whatever of the group is left. */
  release(): void;
}

interface Spawned {
  readonly child: ChildProcess | null;
  /** Resolves when the child could not be started; else never. */
  readonly failed: Promise<Error>;
}

// Some failures are thrown (E2BIG, ENOMEM), some are told later (ENOENT, EAGAIN), and some leave a child without
// streams behind (EMFILE).
function trySpawn([program, ...args]: readonly string[], options: SpawnOptions): Spawned {
  try {
    const child = spawn(program!, args, options);
    const failed = new Promise<Error>((resolve) => {
      // Of a child that did start, an error is a message that could not be sent to it: its end will tell.
      child.on("error", (error) => child.pid === undefined && resolve(error));
    });
    return { child: child.stdio === undefined ? null : child, failed };
  } catch (error) {
    return { child: null, failed: Promise.resolve(error as Error) };
  }
}

function endOf(child: ChildProcess, release: () => void, clock: Clock): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      // The guard holds a pipe open until it is told to go.
      release();
      const how = { code, signal, error: null };
      const stop = clock.after(PIPE_PATIENCE_MS, () => {
        for (const stream of child.stdio) stream?.destroy();
        if (child.connected) child.disconnect();
        resolve({ ...how, escaped: true });
      });
      child.once("close", () => {
        stop();
        resolve({ ...how, escaped: false });
      });
    });
  });
}

function commandLine(
  [script, name, ...args]: readonly string[],
  { cwd = process.cwd(), enter }: GuardedOptions,
): readonly string[] {
  if (enter.length === 0) return ["/bin/sh", "-c", `${GUARD} ${script}`, name!, ...args];
  return [...enter, "/bin/sh", "-c", `${GUARD} ${GO_TO} ${script}`, name!, cwd, ...args];
}

function guard(
  args: readonly string[],
  stdio: SpawnOptions["stdio"],
  guarded: GuardedOptions,
): GuardedProcess {
  const { cwd, env, clock } = guarded;
  // "advanced" keeps Maps, Buffers and undefined on the channel between the processes.
  const { child, failed } = trySpawn(commandLine(args, guarded), {
    cwd,
    env,
    stdio,
    detached: true,
    serialization: "advanced",
  });
  const pipe = child?.stdio[4] as Writable | null | undefined;
  // The pipe breaks when the guard dies with its group; that is no news.
  pipe?.on("error", () => {});
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group is gone already.
    }
  };
  const release = (): void => {
    signal("SIGKILL");
    pipe?.destroy();
  };
  const notStarted = failed.then((error) => ({ code: null, signal: null, error, escaped: false }));
  const over = child === null ? notStarted : Promise.race([notStarted, endOf(child, release, clock)]);
  return { child, over, signal, release };
}

/** Tells whether a child has started no process that is still there. */
export function hasNoChildren({ child }: GuardedProcess): boolean {
  // The one that is always there is the guard.
  return child?.pid !== undefined && childCount(child.pid) <= 1;
}

/** Says how a child that was to go on has ended. */
export function sayEnd({ code, signal, error }: ProcessEnd): string {
  if (error !== null) return `its process could not be started (${error.message})`;
  return signal === null ? `its process ended with code ${code}` : `its process was ended by ${signal}`;
}

/** Starts a Node program with a message channel. `args` are Node's own options, the program and its arguments. */
export function startNode(args: readonly string[], options: GuardedOptions): GuardedProcess {
  const command = [EXEC, "sh", process.execPath, ...args];
  return guard(command, ["ignore", "pipe", "pipe", "ipc", "pipe"], options);
}

/** Starts a program that is only listened to. */
export function startProgram(
  [program, ...args]: readonly [string, ...string[]],
  options: GuardedOptions,
): GuardedProcess {
  return guard([EXEC, "sh", program, ...args], ["ignore", "pipe", "ignore", "ignore", "pipe"], options);
}

/** Starts a shell command. Its processor time can be read from descriptor 3 once it has ended (see `readTimes`). */
export function startCommand(command: string, options: GuardedOptions): GuardedProcess {
  return guard([TIMED_COMMAND, "sh", command], ["ignore", "pipe", "pipe", "pipe", "pipe"], options);
}

/** Returns the processor time in ms of what a shell waited for, from what its `times` printed; null if it did not. */
export function readTimes(text: string): number | null {
  const children = text.trim().split("\n")[1];
  const parts = children?.match(/(\d+)m([\d.]+)s/g);
  if (parts?.length !== 2) return null;
  return parts.reduce((sum, part) => {
    const [minutes, seconds] = part.slice(0, -1).split("m").map(Number) as [number, number];
    return sum + (minutes * 60 + seconds) * 1_000;
  }, 0);
}
