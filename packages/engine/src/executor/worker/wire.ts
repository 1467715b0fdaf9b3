// The one form in which attempts travel to workers and back; the same for threads and processes.

import type {
  AttemptPlace,
  BudgetLeft,
  FailureKind,
  MeasuredResources,
  Observed,
  RunId,
  TakenInput,
  Task,
  UsageRecord,
  WireError,
  Work,
} from "@sheaf/core";
import type { AgentNeeds } from "../../agents/define-agent.ts";

/** An attempt as plain data. */
export interface WireRequest {
  readonly lease: string;
  readonly runId: RunId;
  readonly task: Task;
  readonly attempt: number;
  readonly work: Work & { readonly kind: "module" };
  /** Where the module is found if its place is in the view and the view does not have it; null outside of rooms. */
  readonly moduleBehind: string | null;
  readonly place: AttemptPlace & { readonly beside: string };
  /** Outputs that came along, by task id. */
  readonly along: ReadonlyMap<string, Uint8Array>;
  /** Folder with the outputs of all finished tasks. */
  readonly outputs: string;
  readonly memoryLimitMiB: number;
  readonly env: Readonly<Record<string, string>>;
}

/** What a worker asks the engine. */
export type WorkerQuestion = { readonly type: "read"; readonly path: string } | { readonly type: "budget" };

/** What the engine answers: whether there is such a file, or what is left of budgets. */
export type EngineAnswer = boolean | readonly BudgetLeft[];

/** What a worker says while an attempt runs. Each message names the lease; others are not heard. */
export type WorkerMessage = { readonly lease: string } & (
  | { readonly type: "progress"; readonly fraction: number | null; readonly message: string | null }
  | { readonly type: "log"; readonly message: string }
  | { readonly type: "heartbeat" }
  | { readonly type: "usage"; readonly usage: UsageRecord }
  | { readonly type: "model"; readonly name: string; readonly vramMiB: number | null }
  /** It asks a model on a way of its own. */
  | { readonly type: "past-gateway" }
  /** Memory of the isolate, in MiB. */
  | { readonly type: "memory"; readonly mib: number }
  | ({ readonly id: number } & WorkerQuestion)
  | { readonly type: "ended"; readonly end: WireEnd }
);

/** How an attempt ended, as plain data. */
export type WireEnd = {
  readonly measured: MeasuredResources;
  readonly taken: readonly TakenInput[];
  /** Nothing of the attempt is left: no timer, no request, no handle. */
  readonly quiet: boolean;
  /** What it was seen to look at in its work directory; null where nobody watched. */
  readonly observed: Observed | null;
} & (
  | { readonly status: "succeeded"; readonly output: Uint8Array }
  | { readonly status: "failed"; readonly kind: FailureKind; readonly error: WireError }
  | {
      readonly status: "lost";
      readonly how: string;
      readonly outOfMemory: boolean;
      readonly together: boolean;
    }
);

/** A question about an agent, before any attempt: what it needs. */
export interface InspectRequest {
  readonly type: "inspect";
  readonly id: number;
  readonly work: Work & { readonly kind: "module" };
}

/** The answer: what the agent needs, or why it cannot be used. */
export interface Inspected {
  readonly type: "inspected";
  readonly id: number;
  readonly found: { readonly needs: AgentNeeds } | { readonly error: WireError };
}

/** What the engine says to a worker. */
export type EngineMessage =
  | { readonly type: "start"; readonly request: WireRequest }
  | { readonly type: "abort"; readonly lease: string; readonly reason: WireError }
  /** Ends an attempt that did not heed its signal. */
  | { readonly type: "kill"; readonly lease: string }
  | ({ readonly type: "answer"; readonly lease: string; readonly id: number } & (
      | { readonly answer: EngineAnswer }
      | { readonly error: WireError }
    ));

/** Name of the file beside the work directory in which an attempt's usage is kept, one JSON record a line. */
export const USAGE_FILE = "usage.ndjson";
