import { addToSum, type CostSum, emptySum } from "../cost-line.ts";
import { picoToUsd } from "../money.ts";
import { callGroups } from "./call-groups.ts";
import type { RunFacts } from "./run-facts.ts";

/** One row of a cost report as AG2's users write it. */
export interface Ag2CostRow {
  readonly Agent: string;
  /** Null where some call's cost is not known: a part is not called the cost. */
  readonly "Cost ($)": number | null;
  /** Cached tokens included. */
  readonly "Prompt Tokens": number;
  /** Reasoning included. */
  readonly "Completion Tokens": number;
  readonly "Total Tokens": number;
  /** Null in the row "Total". */
  readonly Model: string | null;
}

/** Returns what each agent cost with each model, and a row "Total". */
export function ag2Costs(runs: readonly RunFacts[]): readonly Ag2CostRow[] {
  const calls = runs.flatMap((run) => run.calls);
  const total = emptySum();
  const groups = callGroups(calls, ({ agent, model }) => ({ agent, model: model ?? "unknown" }));
  for (const { sum } of groups) addToSum(total, sum);
  return [
    ...groups.map(({ headings, sum }) => row(headings.agent, headings.model, sum)),
    row("Total", null, total),
  ];
}

function row(agent: string, model: string | null, sum: Readonly<CostSum>): Ag2CostRow {
  return {
    Agent: agent,
    "Cost ($)": sum.unpricedCalls > 0 ? null : picoToUsd(sum.pico),
    "Prompt Tokens": sum.inputTokens,
    "Completion Tokens": sum.outputTokens,
    "Total Tokens": sum.inputTokens + sum.outputTokens,
    Model: model,
  };
}
