import { type ChildProcess, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { SheafError } from "@sheaf/core";
import type {
  HostAnswer,
  HostCall,
  HostMessage,
  HostProblem,
  HostQuestion,
  MountWay,
  OverlayChange,
  OverlayRequest,
  RoomRequest,
} from "./mount-protocol.ts";
import { isMachineRoot, isRoot } from "./user-namespace.ts";

export interface MountHostOptions {
  /**
   * Mount by mount(2) where koffi is installed; else by starting `mount`, some ten times slower.
   * @default true unless SHEAF_NO_FFI is 1
   */
  readonly ffi?: boolean;
  /** Environment that is read instead of `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gives up on the start. */
  readonly signal?: AbortSignal;
}

/**
 * A mount namespace of our own, and the process that keeps it. It ends with this process, however that dies, and its
 * mounts with it. It sees disks as they were mounted when it began.
 *
 * Every call rejects with MOUNT_FAILED naming what is wrong, or with MOUNT_HOST_LOST.
 */
export interface MountHost {
  /** What to put before a command so that it runs inside. Its working folder is "/"; see `commandInside`. */
  readonly enter: readonly string[];
  readonly how: MountWay;
  mount(request: OverlayRequest): Promise<void>;
  /**
   * Returns what the upper layer changes against the layers below, parents before children. Nobody may write to the
   * mount meanwhile. A file that was only touched is among them.
   */
  changes(at: string, upper: string): Promise<readonly OverlayChange[]>;
  /** Takes a mount away; afterwards nobody can write to its upper. Rejects with MOUNT_BUSY naming who still uses it. */
  unmount(at: string): Promise<void>;
  /** Shows a folder, with all that is mounted in it now, at another one too. */
  bind(from: string, at: string): Promise<void>;
  /**
   * Makes a room: a copy of the namespace in which a folder is seen at another path. Returns what to put before a
   * command so that it runs there, as `enter` does. The room goes when its mount is taken away.
   */
  room(request: RoomRequest): Promise<readonly string[]>;
  /** Keeps the room of a folder no longer than the processes in it. */
  leave(at: string): Promise<void>;
  /** Ends the namespace: kills what still runs inside, and all mounts are gone. */
  close(): Promise<void>;
}

/** Time that the host has to end by itself, in ms. */
const CLOSE_MS = 5_000;
const MOST_STDERR = 4_096;

// Compiled code always: tests run this package from its sources, and Node 20 does not start on those.
function entryFile(): string {
  const folder = import.meta.url.endsWith(".ts") ? "../../dist/overlay/" : "./";
  return fileURLToPath(new URL(`${folder}mount-host-entry.js`, import.meta.url));
}

function startHost(ffi: boolean, env: NodeJS.ProcessEnv): ChildProcess {
  const namespace = [isRoot() ? "-m" : "-Urm", "--propagation", "private"];
  const outside = readlinkSync("/proc/self/ns/mnt");
  const entry = [entryFile(), outside, ffi ? "ffi" : "no-ffi", isMachineRoot() ? "root" : "user"];
  const args = [...namespace, "--kill-child", process.execPath, ...entry];
  const { PATH, LD_LIBRARY_PATH } = env;
  return spawn("unshare", args, {
    // No folder of the user's is kept busy, no option for Node reaches it, and no Ctrl-C of the terminal.
    cwd: "/",
    env: { PATH, LD_LIBRARY_PATH, LC_ALL: "C" },
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
}

const lost = (how: string, cause?: unknown): SheafError<"MOUNT_HOST_LOST"> =>
  new SheafError("MOUNT_HOST_LOST", { how }, cause === undefined ? undefined : { cause });

function errorOf(problem: HostProblem): SheafError {
  const { kind, at } = problem;
  if (kind === "busy") return new SheafError("MOUNT_BUSY", { at, holders: problem.holders });
  return new SheafError("MOUNT_FAILED", { at, problem: problem.problem, errno: problem.errno });
}

interface Pending {
  resolve(answer: HostAnswer): void;
  reject(error: unknown): void;
}

// Matches answers with questions. Invariant: a question is answered once, by the host or by its end.
class HostLine {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<void>;
  #next = 0;
  #gone: SheafError | undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message: HostMessage) => this.#hear(message));
    child.on("error", (error) => this.#end(error.message, error));
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#end(signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`);
        resolve();
      });
    });
    this.#rest();
  }

  // A namespace that nobody asks anything of is no reason for a program to go on.
  #rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as Socket | null)?.unref();
  }

  #hear(message: HostMessage): void {
    if (message.kind === "ready") return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#rest();
    if (message.kind === "done") pending?.resolve(message.answer);
    else pending?.reject(errorOf(message.problem));
  }

  #end(how: string, cause?: unknown): void {
    this.#gone ??= lost(how, cause);
    for (const { reject } of this.#pending.values()) reject(this.#gone);
    this.#pending.clear();
  }

  ask(call: HostCall): Promise<HostAnswer> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      const question: HostQuestion = { id: this.#next++, call };
      this.#pending.set(question.id, { resolve, reject });
      this.#child.ref();
      this.#child.channel?.ref();
      this.#child.send(question, (error) => {
        if (error !== null) this.#end(error.message, error);
      });
    });
  }

  async close(): Promise<void> {
    this.#gone ??= lost("it was closed");
    this.#child.ref();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), CLOSE_MS);
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
    clearTimeout(late);
  }
}

function ready(child: ChildProcess, signal?: AbortSignal): Promise<HostMessage & { kind: "ready" }> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MOST_STDERR);
  });
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      child.kill("SIGKILL");
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
    child.once("message", (message: HostMessage) => {
      signal?.removeEventListener("abort", stop);
      resolve(message as HostMessage & { kind: "ready" });
    });
    child.once("error", (error) => reject(lost(error.message, error)));
    // "close" comes after the last of stderr.
    child.once("close", (code) => reject(lost(`it did not start: ${said.trim() || `exit code ${code}`}`)));
  });
}

/**
 * Opens a mount namespace and the host that mounts in it: as root with `unshare -m`, as an ordinary user with
 * `unshare -Urm`, where commands inside see themselves as root.
 *
 * @throws SheafError MOUNT_HOST_LOST when it does not start; `probeOverlay` finds out why.
 */
export async function openMountHost(options: MountHostOptions = {}): Promise<MountHost> {
  const { env = process.env, signal } = options;
  signal?.throwIfAborted();
  const child = startHost(options.ffi ?? env.SHEAF_NO_FFI !== "1", env);
  const { pid, how, namespace } = await ready(child, signal);
  const line = new HostLine(child);
  const user = isRoot() ? [] : ["--user", "--preserve-credentials"];
  const enter = (file: string): readonly string[] => [
    ...["nsenter", "--target", String(pid), ...user],
    ...[`--mount=${file}`, "--"],
  ];
  return {
    enter: enter(namespace),
    how,
    mount: async (request) => {
      await line.ask({ do: "mount", request });
    },
    changes: async (at, upper) => (await line.ask({ do: "changes", at, upper })).changes!,
    unmount: async (at) => {
      await line.ask({ do: "unmount", at });
    },
    bind: async (from, at) => {
      await line.ask({ do: "bind", from, at });
    },
    room: async (request) => enter((await line.ask({ do: "room", request })).room!),
    leave: async (at) => {
      await line.ask({ do: "leave", at });
    },
    close: () => line.close(),
  };
}
