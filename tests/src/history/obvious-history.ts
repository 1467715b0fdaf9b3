// What runs have cost, by the obvious way: the report's own sums over all events of each run, added up.
import type { EventOf, RunEvent } from "@sheaf/core";
import {
  bookedCall,
  type CostHeading,
  type CostLine,
  type CostSummary,
  type OutcomeTable,
  summarizeCost,
} from "@sheaf/ledger";

type Line = Omit<CostLine, "usd" | "partial"> & { readonly pico: number };
export type Bill = Readonly<Record<string, Line>>;

type Usage = EventOf<"attempt.usage" | "analysis.usage" | "llm.finished">;
const isUsage = (event: RunEvent): event is Usage =>
  event.type === "attempt.usage" || event.type === "analysis.usage" || event.type === "llm.finished";

const isUnmetered = (event: RunEvent): event is EventOf<"attempt.started"> =>
  event.type === "attempt.started" && event.unmetered === true;

/** Says already with the start of an attempt that nobody counts its calls, where that is said later. */
export function toldAtStart(events: readonly RunEvent[]): readonly RunEvent[] {
  const past = new Set<RunEvent>();
  const last = new Map<string, RunEvent>();
  for (const event of events) {
    if (event.type === "attempt.started") last.set(`${event.taskId} ${event.attempt}`, event);
    if (event.type === "attempt.unmetered") past.add(last.get(`${event.taskId} ${event.attempt}`)!);
  }
  return events.flatMap((event) => {
    if (event.type === "attempt.unmetered") return [];
    return [past.has(event) ? ({ ...event, unmetered: true } as RunEvent) : event];
  });
}

const FIELDS = [
  "unmetered",
  "calls",
  "unpricedCalls",
  "estimatedCalls",
  "inputTokens",
  "cachedInputTokens",
  "cacheWriteTokens",
  "outputTokens",
  "reasoningTokens",
] as const;

/** A line of a bill in whole pico-dollars, so that lines can be added up. */
export function lineOf({ usd, ...counts }: CostLine): Line {
  return { ...picked(counts), pico: Math.round((usd ?? 0) * 1e12) };
}

const picked = (line: Pick<CostLine, (typeof FIELDS)[number]>) =>
  Object.fromEntries(FIELDS.map((field) => [field, line[field]])) as Omit<Line, "pico">;

function add(bill: Map<string, Line>, name: string, line: Line): void {
  if (line.calls + line.unmetered === 0) return;
  const known = bill.get(name);
  const keys = Object.keys(line) as (keyof Line)[];
  bill.set(
    name,
    known === undefined
      ? line
      : (Object.fromEntries(keys.map((key) => [key, known[key] + line[key]])) as unknown as Line),
  );
}

/** Returns a bill by task, or by agent, from what attempts came to by both. */
export function billBy({ lines }: OutcomeTable, by: "task" | "agent"): Bill {
  const bill = new Map<string, Line>();
  for (const line of lines) add(bill, line[by], lineOf(line));
  return Object.fromEntries(bill);
}

/** Counts the attempts that were made, or of which a call was booked. */
export function countAttempts(runs: readonly (readonly RunEvent[])[]): number {
  const made = runs.flatMap((events, run) =>
    events.flatMap((event) => {
      const isMade =
        event.type === "attempt.started" || event.type === "attempt.usage" || bookedCall(event) !== null;
      return isMade && "attempt" in event ? [`${run} ${event.taskId} ${event.attempt}`] : [];
    }),
  );
  return new Set(made).size;
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/**
 * Leaves calls out. In place of each stands an event that says no more than that there is such an attempt: what becomes
 * of an attempt depends on that.
 */
function callsOnly(events: readonly RunEvent[], isCounted: (at: number) => boolean): readonly RunEvent[] {
  const resources = { latencyMs: 0, queueMs: 0, modelLoads: 0 };
  return events.flatMap((event): RunEvent[] => {
    if (isUnmetered(event) && !isCounted(event.at)) {
      const { unmetered, ...metered } = event;
      return [metered];
    }
    if (!isUsage(event) || bookedCall(event) === null || isCounted(event.at)) return [event];
    if (event.type === "analysis.usage") return [];
    return [{ ...event, type: "attempt.finished", status: "succeeded", resources } as unknown as RunEvent];
  });
}

function tableOf(events: readonly RunEvent[], by: CostHeading): Readonly<Record<string, CostLine>> {
  const cost = summarizeCost(events);
  if (by === "task") return { ...cost.byTask, "@analysis": cost.byClass.analysis };
  if (by === "day") {
    const counts = (event: RunEvent): boolean => bookedCall(event) !== null || isUnmetered(event);
    const days = new Set(events.filter(counts).map(({ at }) => dayOf(at)));
    const ofDay = (day: string) => callsOnly(events, (at) => dayOf(at) === day);
    return Object.fromEntries([...days].map((day) => [day, totalOf(summarizeCost(ofDay(day)))]));
  }
  const tables = { model: cost.byModel, agent: cost.byAgent, route: cost.byRoute, class: cost.byClass };
  return tables[by];
}

export const totalOf = ({ totalUsd, ...cost }: CostSummary): CostLine => ({ ...cost, usd: totalUsd });

/** Returns the bill of many runs. A call that is too early is left out; what became of its attempt counts all the same. */
export function obviousBill(
  runs: readonly (readonly RunEvent[])[],
  by: CostHeading,
  since: number | null,
): Bill {
  const bill = new Map<string, Line>();
  for (const events of runs) {
    const counted = callsOnly(toldAtStart(events), (at) => since === null || at >= since);
    for (const [name, line] of Object.entries(tableOf(counted, by))) add(bill, name, lineOf(line));
  }
  return Object.fromEntries(bill);
}
