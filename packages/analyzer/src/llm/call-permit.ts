import type { UsageRecord } from "@sheaf/core";

/** A request to a model that is about to be made. */
export interface WantedCall {
  /** Who would be paid. */
  readonly provider: string;
  readonly model: string;
  /** By the bytes of the question, divided by four. */
  readonly estimatedInputTokens: number;
}

/** What a call has used: nothing where no server has taken it, null where that was not told. */
export type UsedByCall = UsageRecord | "nothing" | null;

/** Why a request must not be made, as a sentence, or whom to tell in the end what it has used. */
export type CallPermit =
  | { readonly refused: string }
  | { readonly refused: null; readonly over: (used: UsedByCall) => void };

/** Asked before each request. Must not throw. */
export type PermitCall = (wanted: WantedCall) => CallPermit;

/** Thrown where a request must not be made. */
export class CallRefused extends Error {}
