import { buildGraph } from "@sheaf/core";
import type { AnalyzerName, Findings } from "./analyzers.ts";
import { type Comparison, compareGraphs } from "./compare-graphs.ts";
import type { KnownList } from "./known-list.ts";
import { parallelismKept } from "./parallelism-kept.ts";
import { tokensOf } from "./tokens.ts";

/** How well an analyzer did on a set. A share of nothing, and what was not measured, is null. */
export interface DependencyRow {
  readonly set: string;
  readonly analyzer: AnalyzerName;
  /** Lists that the analyzer suits. */
  readonly items: number;
  readonly tasks: number;
  /** Of the direct edges of all lists together, as they stand. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Share of the pairs of which one must wait for the other, directly or not, that the predicted graph does not order so. */
  readonly missed: number | null;
  /** Share of the pairs of which neither need wait that the predicted graph orders. */
  readonly spurious: number | null;
  /** Share of the lists without a missed pair. */
  readonly nothingMissed: number;
  /** Mean over the lists; see `parallelismKept`. */
  readonly kept: number;
  /** Sums over all lists. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Mean over the lists: from the start of the analysis until the first task may start. */
  readonly firstDispatchMs: number | null;
  /** Mean over the lists: from the start of the analysis to its end. */
  readonly latencyMs: number | null;
}

/** What an analyzer said about one list. */
export interface Outcome {
  readonly list: KnownList;
  readonly findings: Findings;
  /** Null where the time means nothing. */
  readonly firstDispatchMs: number | null;
  readonly latencyMs: number | null;
}

/** Sums up what an analyzer said about the lists of a set, of which there must be one at least. */
export function dependencyRow(
  { set, analyzer }: Pick<DependencyRow, "set" | "analyzer">,
  outcomes: readonly Outcome[],
): DependencyRow {
  const judged = outcomes.map(({ list, findings }) => {
    const predicted = buildGraph(list.gold.ids, findings.edges);
    return {
      ...compareGraphs(list.gold, predicted),
      kept: parallelismKept(list.gold, predicted, list.durations),
    };
  });
  const total = (count: keyof Comparison): number => judged.reduce((sum, list) => sum + list[count], 0);
  const common = total("commonEdges");
  const tokens = tokensOf(outcomes.flatMap(({ findings }) => findings.asked ?? []));
  return {
    set,
    analyzer,
    items: outcomes.length,
    tasks: outcomes.reduce((sum, { list }) => sum + list.tasks.length, 0),
    precision: share(common, total("predictedEdges")),
    recall: share(common, total("trueEdges")),
    f1: share(2 * common, total("predictedEdges") + total("trueEdges")),
    missed: share(total("truePairs") - total("foundPairs"), total("truePairs")),
    spurious: share(total("orderedPairs"), total("independentPairs")),
    nothingMissed: mean(judged.map(({ truePairs, foundPairs }) => (truePairs === foundPairs ? 1 : 0))),
    kept: mean(judged.map(({ kept }) => kept)),
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    firstDispatchMs: meanOfKnown(outcomes.map(({ firstDispatchMs }) => firstDispatchMs)),
    latencyMs: meanOfKnown(outcomes.map(({ latencyMs }) => latencyMs)),
  };
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const meanOfKnown = (values: readonly (number | null)[]): number | null =>
  values.every((value) => value !== null) ? mean(values) : null;
