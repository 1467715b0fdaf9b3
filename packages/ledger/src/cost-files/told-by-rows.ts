// What the rows of an attempt's cost files tell beyond what its events have told already.
import type { RunEvent, UsageRecord } from "@sheaf/core";
import { bookedCall } from "../booked-call.ts";
import type { CostRow } from "./read-ag2-costs.ts";

/** What a row comes to: the usage that is to be booked, or, not counted, all that it tells. */
export interface ToldByRow {
  readonly usage: UsageRecord;
  /** False where other events of the attempt have told of all of it. */
  readonly counted: boolean;
}

/** What was told of a model before, less what rows have taken of it. */
interface Told {
  input: number;
  output: number;
  provider: string | undefined;
}

/**
 * Returns what the rows tell beyond the events of the same attempt. A row is a sum of calls, so sums are compared: of
 * each model what its calls have used, those that were replayed included, is taken off its rows, one after another.
 */
export function toldByRows(rows: readonly CostRow[], events: readonly RunEvent[]): readonly ToldByRow[] {
  const before = toldBefore(events);
  return rows.map((row) => {
    const told = before.get(nameOf(row.model));
    return told === undefined ? { usage: usageOf(row), counted: true } : restOf(row, told);
  });
}

function restOf(row: CostRow, told: Told): ToldByRow {
  const provider = told.provider === undefined ? {} : { provider: told.provider };
  const all = { ...usageOf(row), ...provider };
  const { inputTokens, outputTokens } = row;
  // Without both counts nobody can tell how much of it was told.
  if (inputTokens === null || outputTokens === null) {
    return { usage: all, counted: told.input + told.output === 0 };
  }
  const input = Math.min(inputTokens, told.input);
  const output = Math.min(outputTokens, told.output);
  told.input -= input;
  told.output -= output;
  if (input + output === 0) return { usage: all, counted: true };
  const rest = { inputTokens: inputTokens - input, outputTokens: outputTokens - output };
  if (rest.inputTokens + rest.outputTokens === 0) return { usage: all, counted: false };
  // What a part of a cost is for is not told.
  return { usage: { model: row.model, ...provider, ...rest }, counted: true };
}

function toldBefore(events: readonly RunEvent[]): ReadonlyMap<string, Told> {
  const before = new Map<string, Told>();
  for (const event of events) {
    const usage = toldTo(event);
    if (usage === null) continue;
    const names = [usage.model, ...(event.type === "llm.finished" ? [event.model ?? usage.model] : [])];
    const told = names.map((name) => before.get(nameOf(name))).find((each) => each !== undefined) ?? {
      ...{ input: 0, output: 0, provider: usage.provider },
    };
    told.input += usage.inputTokens ?? 0;
    told.output += usage.outputTokens ?? 0;
    for (const name of names) before.set(nameOf(name), told);
  }
  return before;
}

/** What an event says that a client has been told of; one that has not got its answer knows of none. */
function toldTo(event: RunEvent): UsageRecord | null {
  if (event.type !== "llm.finished") return bookedCall(event);
  if (event.state === "replayed") return event.avoided;
  return event.state === "ok" && event.counted !== false ? event.usage : null;
}

const nameOf = (model: string): string => model.trim().toLowerCase();

function usageOf({ model, inputTokens, outputTokens, costUsd }: CostRow): UsageRecord {
  return {
    model,
    ...(inputTokens === null ? {} : { inputTokens }),
    ...(outputTokens === null ? {} : { outputTokens }),
    ...(costUsd === null ? {} : { costUsd, costSource: "caller" }),
  };
}
