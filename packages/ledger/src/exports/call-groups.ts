import { addToSum, type CostSum, emptySum, sumOfCall } from "../cost-line.ts";
import type { CallFacts } from "./run-facts.ts";

/** Calls that have the same headings, added up. */
export interface CallGroup<Heading extends string> {
  readonly headings: Readonly<Record<Heading, string>>;
  readonly sum: Readonly<CostSum>;
}

/** Adds up calls by headings, in the order in which these first came. */
export function callGroups<Heading extends string>(
  calls: readonly CallFacts[],
  headingsOf: (call: CallFacts) => Readonly<Record<Heading, string>>,
): readonly CallGroup<Heading>[] {
  const groups = new Map<string, { headings: Readonly<Record<Heading, string>>; sum: CostSum }>();
  for (const call of calls) {
    const headings = headingsOf(call);
    const key = JSON.stringify(headings);
    const group = groups.get(key) ?? { headings, sum: emptySum() };
    addToSum(group.sum, sumOfCall(call.usage, { isEstimated: call.estimated }));
    groups.set(key, group);
  }
  return [...groups.values()];
}
