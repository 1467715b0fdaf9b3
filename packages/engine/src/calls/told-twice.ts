import type { UsageRecord } from "@sheaf/core";

/** Finds calls of one attempt of which both the gateway and the agent tell, so that each counts once. */
export class ToldTwice {
  readonly #seen = new Map<string, number>();
  readonly #told = new Map<string, number>();

  /** The gateway has seen a call. Returns whether the agent has told of it before. */
  seen(usage: UsageRecord): boolean {
    return meet(usage, this.#told, this.#seen);
  }

  /** The agent tells of a call. Returns whether the gateway has seen it. */
  told(usage: UsageRecord): boolean {
    return meet(usage, this.#seen, this.#told);
  }
}

// Two calls of an attempt that used the same to the last token are the same call, told on two ways. Who has none of a
// kind to count, as the output of an embedding, need not say so.
function meet(usage: UsageRecord, others: Map<string, number>, own: Map<string, number>): boolean {
  const { inputTokens, outputTokens } = usage;
  if (inputTokens === undefined && outputTokens === undefined) return false;
  const key = `${inputTokens ?? 0} ${outputTokens ?? 0}`;
  const waiting = others.get(key) ?? 0;
  if (waiting > 0) others.set(key, waiting - 1);
  else own.set(key, (own.get(key) ?? 0) + 1);
  return waiting > 0;
}
