// Child processes that cannot outlive the engine, and whose whole group ends with them.
//
// A small shell stands guard: it waits on a pipe that only the engine holds open. When the pipe closes, because the
// engine closed it or because the engine is gone however it went, the guard kills its process group, and with it
// everything that the child has started and left behind.
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import type { Writable } from "node:stream";

// It is deaf to what ends others gently, else the group would lose it before its time.
const GUARD = "(trap '' TERM INT HUP; exec 0<&4 1>&- 2>&- 3>&- 4<&-; read -r _; kill -9 -- -$$) &";

/** Runs a program in place of the shell that started the guard. */
const EXEC = `${GUARD} exec "$@" 4<&-`;

/** Runs a shell command, then writes the processor time that it took to descriptor 3. */
// The outer shell outlives a gentle signal, so that the command may clean up; the inner one gets it as usual.
const TIMED_COMMAND = `${GUARD} trap : TERM INT HUP; sh -c "$1" sh 3>&- 4<&-; code=$?; times >&3; exit $code`;

export interface GuardedOptions {
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** A child in a process group of its own. */
export interface GuardedProcess {
  readonly child: ChildProcess;
  /** Sends a signal to the whole group; harmless when it is gone. */
  signal(signal: NodeJS.Signals): void;
  /** Ends whatever of the group is left. */
  release(): void;
}

function guard(args: readonly string[], stdio: StdioOptions, options: GuardedOptions): GuardedProcess {
  // "advanced" keeps Maps, Buffers and undefined on the channel between the processes.
  const child = spawn("/bin/sh", ["-c", ...args], {
    ...options,
    stdio,
    detached: true,
    serialization: "advanced",
  });
  const pipe = child.stdio[4] as Writable | null;
  // The pipe breaks when the guard dies with its group; that is no news.
  pipe?.on("error", () => {});
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group is gone already.
    }
  };
  return {
    child,
    signal,
    release() {
      signal("SIGKILL");
      pipe?.destroy();
    },
  };
}

/** Starts a Node program with a message channel. `args` are Node's own options, the program and its arguments. */
export function startNode(args: readonly string[], options: GuardedOptions): GuardedProcess {
  const command = [EXEC, "sh", process.execPath, ...args];
  return guard(command, ["ignore", "pipe", "pipe", "ipc", "pipe"], options);
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
