// Lets worker threads that a task starts record for the task.
//
// Owns the channel on which threads of one session tell their records. A record is posted before its access takes
// place, so once a thread has ended all that it saw is in the queue of the session's own thread.
import type { Recorder, Shared, Sink } from "./recorder.cjs";

const threads = require("node:worker_threads") as typeof import("node:worker_threads");

/** What a new thread is told: the root, and where to tell its records. */
export interface Inherited {
  readonly root: string;
  readonly shared?: Shared | null;
  /** Name of a broadcast channel within this process. */
  readonly channel?: string;
  /** Path of a log. */
  readonly log?: string;
}

interface NestedWorkers {
  install(): void;
  /** What this thread was told by the one that started it. */
  inherited(): Inherited | null;
  /** Begins a session whose new threads are told this; without it they tell their records here. */
  begin(told: Inherited | null, shared: Shared | null): void;
  /** Ends it, after all records that were told have been taken. */
  end(): void;
}

export interface NestedWorkersModule {
  nestedWorkers(recorder: Recorder, hookFile: string): NestedWorkers;
  /** A sink that tells records to whoever began the session. */
  relayTo(channel: string): Sink;
}

const KEY = "sheaf.fs-hook";
let channels = 0;

function nestedWorkers(recorder: Recorder, hookFile: string): NestedWorkers {
  let told: Inherited | null = null;
  let shared: Shared | null = null;
  let channel: import("node:worker_threads").BroadcastChannel | null = null;
  let running = new Set<object>();

  const take = (message: unknown): void => {
    const [letter, text] = message as [string, string];
    recorder.take(letter, text);
  };
  const open = (): Inherited => {
    const name = `${KEY}.${process.pid}.${threads.threadId}.${++channels}`;
    channel = new threads.BroadcastChannel(name);
    channel.onmessage = (event) => take((event as { data: unknown }).data);
    (channel as unknown as { unref(): void }).unref();
    return { root: recorder.root, shared, channel: name };
  };

  const construct: NonNullable<ProxyHandler<typeof threads.Worker>["construct"]> = (target, args, own) => {
    if (!recorder.active) return Reflect.construct(target, args, own) as object;
    recorder.shared();
    told ??= open();
    if (!preloads(args[1], hookFile)) recorder.unknown("A worker thread was started without the tracker.");
    const before = threads.getEnvironmentData(KEY);
    threads.setEnvironmentData(KEY, told as unknown as import("node:worker_threads").Serializable);
    try {
      const worker = Reflect.construct(target, args, own) as import("node:worker_threads").Worker;
      const session = running;
      session.add(worker);
      worker.once("exit", () => session.delete(worker));
      return worker;
    } finally {
      threads.setEnvironmentData(KEY, before);
    }
  };

  return {
    install() {
      (threads as { Worker: unknown }).Worker = new Proxy(threads.Worker, { construct });
    },
    inherited: () => (threads.getEnvironmentData(KEY) ?? null) as unknown as Inherited | null,
    begin(given, around) {
      told = given;
      shared = around;
      running = new Set();
    },
    end() {
      if (channel !== null) {
        for (let next = receive(channel); next !== undefined; next = receive(channel)) take(next.message);
        channel.close();
        channel = null;
      }
      if (running.size > 0) recorder.unknown("A worker thread was still running.");
      told = null;
    },
  };
}

const receive = (channel: import("node:worker_threads").BroadcastChannel): { message: unknown } | undefined =>
  threads.receiveMessageOnPort(channel as unknown as import("node:worker_threads").MessagePort) as
    | { message: unknown }
    | undefined;

/** Tells whether a thread with these options loads the hook: options of its own replace those of this thread. */
function preloads(options: unknown, hookFile: string): boolean {
  const { execArgv, env } = (options ?? {}) as { execArgv?: unknown; env?: unknown };
  const own: readonly unknown[] = Array.isArray(execArgv) ? execArgv : process.execArgv;
  const environment = (typeof env === "object" && env !== null ? env : process.env) as {
    NODE_OPTIONS?: unknown;
  };
  return (
    own.some((option) => option === hookFile || option === `--require=${hookFile}`) ||
    String(environment.NODE_OPTIONS ?? "").includes(hookFile)
  );
}

function relayTo(name: string): Sink {
  const channel = new threads.BroadcastChannel(name);
  (channel as unknown as { unref(): void }).unref();
  return {
    record: (letter, path) => channel.postMessage([letter, path]),
    unknown: (why) => channel.postMessage(["u", why]),
  };
}

module.exports = { nestedWorkers, relayTo } satisfies NestedWorkersModule;
