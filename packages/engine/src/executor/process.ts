import type {
  AttemptPort,
  AttemptRequest,
  Clock,
  Executor,
  ExecutorAbilities,
  Room,
  RunningAttempt,
} from "@sheaf/core";
import { runCommand } from "./command.ts";
import { type GpuSeat, type GpuWatch, gpuMemory } from "./gpu-memory.ts";
import { type GuardedProcess, hasNoChildren, sayEnd, startNode } from "./guarded-process.ts";
import { treeMemory } from "./process-memory.ts";
import { pathInRoom } from "./room-path.ts";
import type { EngineMessage, WireEnd, WorkerMessage } from "./worker/wire.ts";
import { toWireRequest, WorkerAttemptHandle } from "./worker-attempt-handle.ts";
import { workerFile } from "./worker-file.ts";

const ABILITIES: ExecutorAbilities = {
  closures: false,
  commands: true,
  ownCwd: true,
  stopsBusyLoop: true,
  survivesCrash: true,
  limitsMemory: true,
};

/** How a worker process is used. */
interface Use {
  /** Where it is started; then it does one attempt. */
  readonly room: Room | null;
  /** Told when it may be used again. */
  readonly onFree: (process: WorkerProcess) => void;
}

// A child process that does one attempt at a time and may be used again, if it is not in the room of one.
class WorkerProcess {
  readonly #process: GuardedProcess;
  readonly exited: Promise<void>;
  attempt: WorkerAttemptHandle | null = null;
  #lease = "";
  /** How the attempt ended, when it has left something behind that ends with this process. */
  #last: WireEnd | null = null;
  readonly #use: Use;

  constructor({ clock, enter, env, memoryLimitMiB, nodeArgs }: ProcessOptions, use: Use) {
    this.#use = use;
    const { room } = use;
    const program = [...nodeArgs, workerFile("process-entry")];
    const seen = room === null ? program : program.map((argument) => pathInRoom(room, argument));
    this.#process = startNode([`--max-old-space-size=${memoryLimitMiB}`, ...seen], {
      cwd: room?.dir,
      env: { ...env, SHEAF_WORKER: "process" },
      ...{ clock, enter: room?.enter ?? enter },
    });
    const { child, over } = this.#process;
    child?.stdout?.resume();
    child?.stderr?.resume();
    child?.on("message", (message: WorkerMessage) => this.#receive(message));
    this.exited = over.then((end) => {
      const outOfMemory = end.code === 134 || end.signal === "SIGABRT";
      const quiet = !end.escaped;
      if (this.#last !== null) this.attempt?.end({ ...this.#last, quiet });
      else this.attempt?.lose(sayEnd(end), { outOfMemory, together: false, quiet });
      this.attempt = null;
    });
  }

  get pid(): number | undefined {
    return this.#process.child?.pid;
  }

  #receive(message: WorkerMessage): void {
    if (message.lease !== this.#lease) return;
    if (message.type !== "ended") {
      this.attempt?.receive(message);
      return;
    }
    // What the agent has left behind would go on in the next attempt's time and directory: the process goes with it.
    if (this.#use.room !== null || !message.end.quiet || !hasNoChildren(this.#process)) {
      this.#last = message.end;
      this.end();
      return;
    }
    const { attempt } = this;
    this.attempt = null;
    this.#use.onFree(this);
    attempt?.receive(message);
  }

  start(request: AttemptRequest, attempt: WorkerAttemptHandle): void {
    this.attempt = attempt;
    this.#lease = request.lease;
    this.send({ type: "start", request: toWireRequest(request) });
  }

  send(message: EngineMessage): void {
    const { child } = this.#process;
    if (child?.connected) child.send(message, () => {});
  }

  end(): void {
    this.#process.release();
  }
}

export interface ProcessOptions {
  readonly clock: Clock;
  /** Environment of workers and commands. */
  readonly env: NodeJS.ProcessEnv;
  /** Memory of one process, in MiB: a limit on its heap, and on all that it uses by measurement. */
  readonly memoryLimitMiB: number;
  /** Options of Node for workers, the fs hook among them. */
  readonly nodeArgs: readonly string[];
  /** What is put before the command lines of workers and commands; see `Workdir.enter`. */
  readonly enter: readonly string[];
}

/** Runs agents in child processes, pooled where they are in no room, and commands in processes of their own. */
export function createProcessExecutor(options: ProcessOptions): Executor {
  const { clock } = options;
  const idle: WorkerProcess[] = [];
  const all = new Set<WorkerProcess>();
  const commands = new Set<RunningAttempt>();
  let seat: GpuSeat | null = null;
  const watchGpu = (pid: number | undefined, ended: Promise<unknown>): GpuWatch | null => {
    if (pid === undefined) return null;
    seat ??= gpuMemory.join(options.env.PATH);
    const watch = seat.watch(pid);
    void ended.then(() => watch.stop());
    return watch;
  };
  const take = (room: Room | null): WorkerProcess => {
    const known = room === null ? idle.pop() : undefined;
    if (known !== undefined) return known;
    const made = new WorkerProcess(options, { room, onFree: (free) => idle.push(free) });
    all.add(made);
    void made.exited.then(() => {
      all.delete(made);
      const at = idle.indexOf(made);
      if (at !== -1) idle.splice(at, 1);
    });
    return made;
  };
  const startAgent = (request: AttemptRequest, port: AttemptPort): RunningAttempt => {
    const home = take(request.place.room ?? null);
    const link = { clock, send: (message: EngineMessage) => home.send(message), kill: () => home.end() };
    const attempt = new WorkerAttemptHandle(request, port, link);
    home.start(request, attempt);
    const gpu = watchGpu(home.pid, attempt.ended);
    return {
      ended: attempt.ended,
      abort: (cause) => attempt.abort(cause),
      memoryMiB: () => {
        attempt.noteMemory(home.pid === undefined ? null : treeMemory(home.pid));
        return attempt.memoryMiB();
      },
      vramPeakMiB: () => gpu?.peakMiB() ?? null,
    };
  };
  return {
    kind: "process",
    abilities: ABILITIES,
    start(request, port) {
      if (request.work.kind !== "command") return startAgent(request, port);
      const { pid, ...attempt } = runCommand(request, port, options);
      commands.add(attempt);
      void attempt.ended.then(() => commands.delete(attempt));
      const gpu = watchGpu(pid, attempt.ended);
      return { ...attempt, vramPeakMiB: () => gpu?.peakMiB() ?? null };
    },
    async dispose() {
      for (const each of all) each.end();
      await Promise.all(Array.from(all, (each) => each.exited));
      await Promise.all(Array.from(commands, (attempt) => attempt.ended));
      await seat?.leave();
      seat = null;
    },
  };
}
