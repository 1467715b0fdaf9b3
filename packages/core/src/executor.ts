import type { AgentFn } from "./agent.ts";
import type { BudgetLeft } from "./budget.ts";
import type { RunId } from "./ids.ts";
import type { Observed } from "./observation.ts";
import type { Because, ExecutorKind, FailureKind } from "./run-event.ts";
import type { Task } from "./task.ts";
import type { AttemptResources, UsageRecord } from "./usage.ts";
import type { WireError } from "./wire-error.ts";

/** What an attempt is to do. */
export type Work =
  | { readonly kind: "closure"; readonly fn: AgentFn }
  /** `module` is a `file:` URL that plain Node can import. `agentName` selects the agent made by defineAgent. */
  | {
      readonly kind: "module";
      readonly module: string;
      readonly exportName: string | null;
      readonly agentName: string | null;
    }
  | { readonly kind: "command"; readonly command: string };

/** A mount namespace of one attempt, in which its view is seen at the shared directory's own path. */
export interface Room {
  /** What is put before a command line so that it runs in the room; its working folder is "/" then. */
  readonly enter: readonly string[];
  /** Path of the shared directory, and of the view in the room. */
  readonly dir: string;
  /** Path at which the room shows the live directory, its state folder included. */
  readonly behind: string;
}

/** The live directory, which an attempt can reach past its view. */
export interface SharedDir {
  /** Absolute path. */
  readonly path: string;
  /** Absolute real paths of what is frozen. */
  readonly frozen: readonly string[];
}

/** Where an attempt finds its files. */
export interface AttemptPlace {
  /** The work directory, or null in a run without `dir`. */
  readonly view: string | null;
  /** Folder of this attempt for what is kept beside the work directory; null only where there is no disk at all. */
  readonly beside: string | null;
  /** Where a process of the attempt is to be started; absent where it sees both at the paths above. */
  readonly room?: Room | null;
  /** Absent in a room, where nothing leads to it. */
  readonly shared?: SharedDir;
}

/** Outputs of earlier tasks. Each is in the form of `encodeData`. */
export interface AttemptInputs {
  /** Tells whether a task of this id stands before this one. */
  isBefore(id: string): boolean;
  /** The ids of all tasks before this one, in serial order, whether they have an output or not. */
  before(): readonly string[];
  /** The output of a task before this one, once that has succeeded. */
  output(id: string): Uint8Array | undefined;
  /** Ids whose outputs the attempt is likely to take: sent along with it to another thread or process. */
  readonly likely: readonly string[];
  /** Folder with the outputs of all finished tasks, where others find what was not sent along (see `OutputFolder`). */
  readonly folder: string | null;
}

/** An input that an attempt took: `hash` is null when there was none. */
export interface TakenInput {
  readonly from: string;
  readonly hash: string | null;
}

/** Where an attempt asks models. */
export interface CallRoute {
  /** URL below which its calls are taken. */
  readonly base: string;
  readonly token: string;
  /** Most connections there at once, of all attempts in one thread; what more is asked waits. */
  readonly connections: number;
}

export interface AttemptRequest {
  readonly runId: RunId;
  readonly task: Task;
  /** 1 for the first. */
  readonly attempt: number;
  /** Made for this attempt alone; whoever answers with another is not heard. */
  readonly lease: string;
  readonly work: Work;
  readonly place: AttemptPlace;
  readonly inputs: AttemptInputs;
  /** Memory that one worker may use, in MiB. */
  readonly memoryLimitMiB: number;
  /** Library that tells what programs of a command look at; null where nobody watches. */
  readonly shim: string | null;
  /** Added to the environment of commands, processes and threads. */
  readonly env: Readonly<Record<string, string>>;
  /** Where code in the engine's own thread asks models, null: wherever it likes; workers find it in `env`. */
  readonly callRoute: () => Promise<CallRoute | null>;
}

/** What a running attempt tells and asks the engine. */
export interface AttemptPort {
  progress(fraction: number | null, message: string | null): void;
  log(message: string): void;
  heartbeat(): void;
  usage(usage: UsageRecord): void;
  modelLoaded(name: string, vramMiB: number | null): void;
  /** The attempt asks a model on a way of its own, on which nobody counts what it uses. */
  pastGateway(): void;
  /** Puts one more file of the attempt's snapshot into its view; false when there is none. */
  read(path: string): Promise<boolean>;
  /** Tells what is left of the budgets that the attempt's calls count against. */
  budget(): Promise<readonly BudgetLeft[]>;
}

/** What an executor measured of an attempt; queue time is the engine's to know. */
export type MeasuredResources = Omit<AttemptResources, "queueMs" | "vramPeakMiB" | "modelLoads">;

/** How an attempt ended. `quiet` is true when nothing of it can write any more. */
export type AttemptEnd = {
  readonly measured: MeasuredResources;
  readonly taken: readonly TakenInput[];
  readonly quiet: boolean;
  /** What it was seen to look at in its work directory; null where nobody watched. */
  readonly observed: Observed | null;
} & (
  | { readonly status: "succeeded"; readonly output: Uint8Array }
  | { readonly status: "failed"; readonly kind: FailureKind; readonly error: WireError }
  /**
   * The worker went away under the attempt; `outOfMemory` when that is known to be the cause. `together` when other
   * attempts were lost with it, so that any one of them may be the cause.
   */
  | {
      readonly status: "lost";
      readonly how: string;
      readonly outOfMemory: boolean;
      readonly together: boolean;
    }
  | { readonly status: "aborted" }
);

export interface RunningAttempt {
  /** Never rejects. */
  readonly ended: Promise<AttemptEnd>;
  /** Asks the attempt to stop, then makes it stop where the executor can. The first reason wins. */
  abort(reason: AbortCause): void;
  /** Memory of the attempt now, in MiB, or null when it cannot be told. */
  memoryMiB(): number | null;
  /** Largest memory of GPUs that was seen so far, in MiB, or null; absent where nobody looks. */
  vramPeakMiB?(): number | null;
}

/** Why the engine ends a running attempt. */
export type AbortCause =
  | { readonly kind: "timeout"; readonly timeoutMs: number }
  | { readonly kind: "idle"; readonly idleTimeoutMs: number }
  /** `shared`: all workers together were over the limit and this one was the largest, so it may run again, alone. */
  | {
      readonly kind: "out-of-memory";
      readonly usedMiB: number;
      readonly limitMiB: number;
      readonly shared: boolean;
    }
  | { readonly kind: "because"; readonly because: Because };

/** What an executor can and cannot do. The conformance suite holds each to its row. */
export interface ExecutorAbilities {
  /** Runs plain functions of the caller. */
  readonly closures: boolean;
  /** Runs shell commands. */
  readonly commands: boolean;
  /** `process.cwd()` is the work directory. */
  readonly ownCwd: boolean;
  /** Ends code that never yields. */
  readonly stopsBusyLoop: boolean;
  /** The engine outlives `process.exit`, an uncaught error and a full heap. */
  readonly survivesCrash: boolean;
  /** Holds an attempt to `memoryLimitMiB`, buffers included. */
  readonly limitsMemory: boolean;
}

/** Runs attempts. Has a lifetime: dispose ends its workers. */
export interface Executor {
  readonly kind: ExecutorKind;
  readonly abilities: ExecutorAbilities;
  start(request: AttemptRequest, port: AttemptPort): RunningAttempt;
  dispose(): Promise<void>;
}
