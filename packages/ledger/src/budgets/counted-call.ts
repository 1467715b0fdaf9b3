import type { CallHold } from "./hold-of-call.ts";

/** Under which headings a call is made. */
export interface CallHeadings {
  readonly route: string;
  /** Tags of its task. */
  readonly tags: readonly string[];
}

/** What a call has used; null where that is not known. */
export interface CallAmounts {
  readonly pico: bigint | null;
  /** In and out. */
  readonly tokens: number | null;
}

/** What is set aside for a call. */
export interface BudgetHold extends CallHeadings, CallHold {}
