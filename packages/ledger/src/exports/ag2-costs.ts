import { addToSum, type CostSum, emptySum } from "../cost-line.ts";
import { UNKNOWN_MODEL } from "../cost-summary.ts";
import { picoToUsd } from "../money.ts";
import { callGroups } from "./call-groups.ts";
import type { RunFacts } from "./run-facts.ts";

/** One row of a cost report as AG2's users write it. */
export interface Ag2CostRow {
  readonly Agent: string;
  /** Null where some call's cost, or some call of the agent, is not known: a part is not called the cost. */
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
  const groups = callGroups(calls, ({ agent, model }) => ({ agent, model }));
  const total = emptySum();
  for (const { sum } of groups) addToSum(total, sum);
  const unmetered = new Map<string, number>();
  for (const { agent, count } of runs.flatMap((run) => run.unmetered)) {
    unmetered.set(agent, (unmetered.get(agent) ?? 0) + count);
    total.unmetered += count;
  }
  const called = new Set(groups.map(({ headings }) => headings.agent));
  const silent = [...unmetered.keys()].filter((agent) => !called.has(agent));
  const all = [
    ...groups,
    ...silent.map((agent) => ({ headings: { agent, model: UNKNOWN_MODEL }, sum: emptySum() })),
  ];
  return [
    ...all.map(({ headings: { agent, model }, sum }) =>
      row(agent, model, { ...sum, unmetered: unmetered.get(agent) ?? 0 }),
    ),
    runs.some(({ openCalls }) => openCalls > 0)
      ? { ...row("Total", null, total), "Cost ($)": null }
      : row("Total", null, total),
  ];
}

function row(agent: string, model: string | null, sum: Readonly<CostSum>): Ag2CostRow {
  return {
    Agent: agent,
    "Cost ($)": sum.unpricedCalls + sum.unmetered > 0 ? null : picoToUsd(sum.pico),
    "Prompt Tokens": sum.inputTokens,
    "Completion Tokens": sum.outputTokens,
    "Total Tokens": sum.inputTokens + sum.outputTokens,
    Model: model,
  };
}
