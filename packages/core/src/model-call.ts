import type { TaskId } from "./ids.ts";
import type { UsageRecord } from "./usage.ts";

/** An interface of a model server whose answers tell what they used. Completions of the old kind count as chats. */
export type ModelApi = "chat" | "responses" | "embeddings" | "messages";

/** Where the figures of a call come from. `none`: it has used nothing, or nobody can tell what. */
export type UsageSource = "provider" | "estimated" | "none";

/** How a call ended. */
export type CallState =
  /** The client has the whole answer. */
  | "ok"
  /** The answer did not come to its end, or the client went away before it had it. */
  | "aborted"
  /** The server answered with another status than 2xx. */
  | "http-error"
  /** The server never had the request. */
  | "unreachable"
  /** The client has the answer that an earlier attempt was given; no server was asked, and nothing started. */
  | "replayed"
  /** The engine went away before the answer had come: only a later session tells of it. */
  | "crashed";

/** A request of an attempt to a model, as it was seen on its way. */
export interface ModelCall {
  readonly taskId: TaskId;
  readonly attempt: number;
  /** Counts the calls of the attempt, from 1. */
  readonly call: number;
  /** Who is paid: "openai", "anthropic", or the host of the server. */
  readonly provider: string;
  /** Null where it is an interface whose usage cannot be read. */
  readonly api: ModelApi | null;
  /** Model that was asked for; null where the request names none. */
  readonly model: string | null;
  /** How often the client had tried before; null where it does not say so. */
  readonly httpRetry: number | null;
}

/** What became of a request. */
export interface CallOutcome {
  readonly state: CallState;
  /** Null where nobody can tell, and where nothing was used. */
  readonly usage: UsageRecord | null;
  readonly source: UsageSource;
  /** What it would have used, had it not been replayed; null where it was not, or nobody can tell. */
  readonly avoided: UsageRecord | null;
  /** HTTP status of the server; null where it has not answered. */
  readonly status: number | null;
  /** From sending the request to the first byte of the answer, in ms; null where none came. */
  readonly firstByteMs: number | null;
  /** From sending the request to the end of the answer, in ms. */
  readonly durationMs: number;
}

/** What the journal has of such a request: that it is about to be sent, and what became of it. */
export type ModelCallEvent =
  | (ModelCall & {
      /** A request to a model is about to be sent. */
      readonly type: "llm.started";
      /** What it may use: input by an estimate, output where something bounds it. */
      readonly hold: UsageRecord;
      /** The call of this attempt that the client now makes anew; absent where it is none. */
      readonly repeats?: number;
      /** What was set aside of budgets for it: USD (null: no price is known) and tokens; absent without budgets. */
      readonly reserved?: { readonly usd: number | null; readonly tokens: number };
    })
  | (ModelCall &
      CallOutcome & {
        readonly type: "llm.finished";
        /** The client had made it anew before it was over. */
        readonly repeated?: true;
        /** The agent has told of this call, and that counts. */
        readonly counted?: false;
      });
