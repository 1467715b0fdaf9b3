import { type Kysely, sql } from "kysely";
import { addToSum, type CostLine, type CostSum, emptySum, toCostLine } from "../cost-line.ts";
import { picoToUsd } from "../money.ts";
import type { Schema } from "./schema.ts";
import { fromColumns, summedColumns } from "./sum-columns.ts";
import { unmeteredSum } from "./unmetered.ts";

export interface OutcomesQuery {
  /** Only attempts that were started at this time or later, in ms since 1970; null: all. */
  readonly since: number | null;
}

/** What an agent's attempts at a task came to, and all that they cost. */
export interface OutcomeLine extends CostLine {
  readonly task: string;
  readonly agent: string;
  readonly attempts: number;
  /** Attempts that were committed. */
  readonly successes: number;
  /** What these cost on the mean, in USD; null where it is not known, or there are none. */
  readonly meanSuccessUsd: number | null;
  /**
   * What all attempts cost for each success, in USD: what a success is expected to cost where one tries until there
   * is one. Null where it is not known, or there are no successes.
   */
  readonly usdPerSuccess: number | null;
}

/** The agents that have succeeded at a task for the least known cost of a success; several where it is the same. */
export interface CheapestAgents {
  readonly task: string;
  /** Empty where no agent has succeeded, or the cost of none that has is known. */
  readonly agents: readonly string[];
  readonly usdPerSuccess: number | null;
}

export interface OutcomeTable {
  /** By task, then by agent. They sum to the total. */
  readonly lines: readonly OutcomeLine[];
  /** Every task once. */
  readonly cheapest: readonly CheapestAgents[];
  readonly total: CostLine;
}

interface Outcome {
  readonly task: string;
  readonly agent: string;
  attempts: number;
  successes: number;
  readonly sum: CostSum;
  /** Of the successes alone. */
  readonly won: CostSum;
}

/** Sums up, by task and agent, what attempts came to and what they cost. */
export async function queryOutcomes(db: Kysely<Schema>, { since }: OutcomesQuery): Promise<OutcomeTable> {
  const outcomes = await outcomesSince(db, since);
  const total = emptySum();
  for (const { sum } of outcomes) addToSum(total, sum);
  const tasks = new Map<string, Outcome[]>();
  for (const outcome of outcomes) tasks.set(outcome.task, [...(tasks.get(outcome.task) ?? []), outcome]);
  return {
    lines: outcomes.map(lineOf),
    cheapest: [...tasks].map(([task, some]) => ({ task, ...cheapestOf(some) })),
    total: toCostLine(total),
  };
}

async function outcomesSince(db: Kysely<Schema>, since: number | null): Promise<readonly Outcome[]> {
  const attempts = db
    .selectFrom("attempts")
    .select(["task", "agent", "fate", sql<bigint>`count(*)`.as("attempts"), ...summedColumns, unmeteredSum])
    .where("made", "=", 1n)
    .groupBy(["task", "agent", "fate"]);
  const rows = await (since === null
    ? attempts
    : attempts.where("started_at", ">=", BigInt(Math.ceil(since)))
  ).execute();
  const outcomes = new Map<string, Outcome>();
  for (const { task, agent, fate, attempts: count, ...columns } of rows) {
    const key = `${task}\n${agent}`;
    const outcome = outcomes.get(key) ?? {
      ...{ task, agent, attempts: 0, successes: 0, sum: emptySum(), won: emptySum() },
    };
    outcomes.set(key, outcome);
    outcome.attempts += Number(count);
    addToSum(outcome.sum, fromColumns(columns));
    if (fate !== "committed") continue;
    outcome.successes += Number(count);
    addToSum(outcome.won, fromColumns(columns));
  }
  return [...outcomes.values()].sort((a, b) => compare(a.task, b.task) || compare(a.agent, b.agent));
}

// Numbers in names count as numbers: `step-2` comes before `step-10`.
const { compare } = new Intl.Collator("en", { numeric: true });

// Where no call was recorded, some may have been made that nobody saw.
const isKnown = (sum: CostSum): boolean => sum.calls > 0 && !toCostLine(sum).partial;
const isRated = ({ successes, sum, won }: Outcome): boolean => successes > 0 && isKnown(won) && isKnown(sum);

function lineOf(outcome: Outcome): OutcomeLine {
  const { task, agent, attempts, successes, sum, won } = outcome;
  const meanSuccessUsd = isKnown(won) ? picoToUsd(quotient(won.pico, successes)) : null;
  const usdPerSuccess = isRated(outcome) ? picoToUsd(quotient(sum.pico, successes)) : null;
  return { task, agent, attempts, successes, meanSuccessUsd, usdPerSuccess, ...toCostLine(sum) };
}

/** Divides, half a pico-dollar up. */
function quotient(pico: bigint, by: number): bigint {
  const parts = BigInt(by);
  return (2n * pico + parts) / (2n * parts);
}

function cheapestOf(outcomes: readonly Outcome[]): Omit<CheapestAgents, "task"> {
  const known = outcomes.filter(isRated);
  // Compared as fractions, so that nothing is rounded.
  const difference = (a: Outcome, b: Outcome): bigint =>
    a.sum.pico * BigInt(b.successes) - b.sum.pico * BigInt(a.successes);
  const least = known.reduce<Outcome | null>(
    (best, each) => (best === null || difference(each, best) < 0n ? each : best),
    null,
  );
  if (least === null) return { agents: [], usdPerSuccess: null };
  const agents = known.filter((each) => difference(each, least) === 0n).map(({ agent }) => agent);
  return { agents, usdPerSuccess: lineOf(least).usdPerSuccess };
}
