import { BadInput } from "../bad-input.ts";
import type { Analyzer } from "./analyzers.ts";
import { type DependencyRow, dependencyRow, type Outcome } from "./dependency-row.ts";
import type { KnownList } from "./known-list.ts";
import type { DependencySet } from "./load-sets.ts";

/**
 * Has every analyzer go through every set, one list after another. `note` is told what was left out and what a model
 * did not answer.
 *
 * @throws BadInput when a model answers for no list of a set.
 */
export async function measureSets(
  sets: readonly DependencySet[],
  analyzers: readonly Analyzer[],
  note: (sentence: string) => void,
): Promise<readonly DependencyRow[]> {
  const rows: DependencyRow[] = [];
  for (const { name: set, lists } of sets) {
    for (const { name: analyzer, suits, find } of analyzers) {
      const suited = lists.filter(suits);
      if (suited.length > 0 && suited.length < lists.length) {
        note(
          `${set}, ${analyzer}: ${suited.length} of ${lists.length} lists name what each task takes and makes.`,
        );
      }
      if (suited.length === 0) continue;
      const outcomes = await outcomesOf(suited, find);
      noteUnanswered(outcomes, (sentence) => note(`${set}, ${analyzer}: ${sentence}`));
      rows.push(dependencyRow({ set, analyzer }, outcomes));
    }
  }
  return rows;
}

async function outcomesOf(lists: readonly KnownList[], find: Analyzer["find"]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const list of lists) {
    const start = performance.now();
    const findings = await find(list);
    const latencyMs = performance.now() - start;
    // The analysis is told as a whole, so no task can start before its end.
    outcomes.push({ list, findings, firstDispatchMs: latencyMs, latencyMs });
  }
  return outcomes;
}

function noteUnanswered(outcomes: readonly Outcome[], note: (sentence: string) => void): void {
  const asked = outcomes.flatMap(({ findings }) => findings.asked ?? []);
  const unanswered = asked.filter(({ answered }) => !answered);
  if (unanswered.length === 0) return;
  const reason = unanswered[0]!.problems.at(-1) ?? "it said nothing";
  if (unanswered.length === asked.length) throw new BadInput(`the model answered for no list: ${reason}`);
  note(
    `${unanswered.length} of ${asked.length} lists were not answered and count in list order (${reason}).`,
  );
}
