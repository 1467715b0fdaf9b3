import type { Asked } from "./analyzers.ts";

/** Tokens of the model calls for a set; null where a server did not tell all of them. */
export interface Tokens {
  readonly input: number | null;
  readonly output: number | null;
}

/** Sums up the tokens of all that was asked; nothing was asked where no model was. */
export function tokensOf(asked: readonly Asked[]): Tokens {
  const records = asked.flatMap(({ usage }) => usage);
  const untold = asked.some(({ usage }) => usage.length === 0);
  const sum = (counts: readonly (number | undefined)[]): number | null =>
    untold || counts.includes(undefined)
      ? null
      : counts.reduce<number>((total, count) => total + (count ?? 0), 0);
  return {
    input: sum(records.map(({ inputTokens }) => inputTokens)),
    output: sum(records.map(({ outputTokens }) => outputTokens)),
  };
}
