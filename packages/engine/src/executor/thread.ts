import { createWriteStream } from "node:fs";
import type { Clock, Executor, ExecutorAbilities } from "@sheaf/core";
import { type GuardedProcess, hasNoChildren, type ProcessEnd, sayEnd, startNode } from "./guarded-process.ts";
import type { EngineMessage, WorkerMessage } from "./worker/wire.ts";
import { toWireRequest, WorkerAttemptHandle } from "./worker-attempt-handle.ts";
import { workerFile } from "./worker-file.ts";

const ABILITIES: ExecutorAbilities = {
  closures: false,
  commands: false,
  ownCwd: false,
  stopsBusyLoop: true,
  survivesCrash: true,
  limitsMemory: false,
};

/** How long a thread may take to end once it was told to; after that its host ends. In ms. */
const TERMINATE_MS = 3_000;

export interface ThreadOptions {
  readonly clock: Clock;
  readonly threads: number;
  /** Environment of workers and commands. */
  readonly env: NodeJS.ProcessEnv;
  /** Heap of one thread, in MiB. */
  readonly memoryLimitMiB: number;
  /** Options of Node for workers, the fs hook among them. */
  readonly nodeArgs: readonly string[];
  /** What is put before the command line of the host; see `Workdir.enter`. */
  readonly enter: readonly string[];
  /** File for what the host itself prints. */
  readonly logFile: () => string;
}

// One child process with a pool of threads, and the attempts that run in it.
class WorkerHost {
  readonly attempts = new Map<string, WorkerAttemptHandle>();
  readonly #process: GuardedProcess;
  readonly exited: Promise<void>;
  #tail = "";
  alive = true;

  constructor(options: ThreadOptions) {
    const args = [
      ...options.nodeArgs,
      workerFile("host-entry"),
      String(options.threads),
      String(options.memoryLimitMiB),
    ];
    this.#process = startNode(args, {
      cwd: undefined,
      env: { ...options.env, SHEAF_WORKER: "thread" },
      ...{ clock: options.clock, enter: options.enter },
    });
    const { child, over } = this.#process;
    const log = createWriteStream(options.logFile(), { flags: "a" });
    log.on("error", () => {}); // what a host prints is worth keeping, not worth failing for
    child?.stdout?.pipe(log, { end: false });
    child?.stderr?.pipe(log, { end: false });
    child?.stderr?.on("data", (chunk: Buffer) => {
      this.#tail = (this.#tail + chunk.toString()).slice(-4_000);
    });
    child?.on("message", (message: WorkerMessage) => this.#receive(message));
    child?.once("exit", () => {
      this.alive = false;
    });
    this.exited = over.then((end) => {
      log.end();
      this.#lost(end);
    });
  }

  #receive(message: WorkerMessage): void {
    const attempt = this.attempts.get(message.lease);
    if (message.type !== "ended") {
      attempt?.receive(message);
      return;
    }
    this.attempts.delete(message.lease);
    // Which of the attempts has started a process is not known here.
    attempt?.end({ ...message.end, quiet: message.end.quiet && hasNoChildren(this.#process) });
  }

  #lost(end: ProcessEnd): void {
    this.alive = false;
    const outOfMemory = /heap out of memory|Array buffer allocation failed/.test(this.#tail);
    const how = outOfMemory ? "its host ran out of memory" : sayEnd(end);
    // A host that never was has nobody's mistake to hide.
    const together = end.error === null && this.attempts.size > 1;
    const loss = { outOfMemory, together, quiet: !end.escaped };
    for (const attempt of this.attempts.values()) attempt.lose(how, loss);
    this.attempts.clear();
  }

  send(message: EngineMessage): void {
    const { child } = this.#process;
    if (child?.connected) child.send(message, () => {});
  }

  end(): void {
    this.#process.release();
  }
}

/** Runs attempts in threads of a child process. The host is started with the first attempt, and again when it died. */
export function createThreadExecutor(options: ThreadOptions): Executor {
  let host: WorkerHost | null = null;
  const hosts = new Set<WorkerHost>();
  const current = (): WorkerHost => {
    if (host?.alive !== true) {
      host = new WorkerHost(options);
      const started = host;
      hosts.add(started);
      void started.exited.then(() => hosts.delete(started));
    }
    return host;
  };
  return {
    kind: "thread",
    abilities: ABILITIES,
    start(request, port) {
      const home = current();
      const kill = (lease: string): void => {
        home.send({ type: "kill", lease });
        const stop = options.clock.after(TERMINATE_MS, () => {
          if (home.attempts.has(lease)) home.end();
        });
        void attempt.ended.then(stop);
      };
      const link = { clock: options.clock, send: (message: EngineMessage) => home.send(message), kill };
      const attempt = new WorkerAttemptHandle(request, port, link);
      home.attempts.set(request.lease, attempt);
      home.send({ type: "start", request: toWireRequest(request) });
      return attempt;
    },
    async dispose() {
      for (const each of hosts) each.end();
      await Promise.all(Array.from(hosts, (each) => each.exited));
    },
  };
}
