import { BadInput } from "../bad-input.ts";
import type { Analyzer, Asked } from "./analyzers.ts";
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
  for (const set of sets) {
    for (const analyzer of analyzers) {
      const name = `${set.name}, ${analyzer.name}`;
      const row = await measureSet(set, analyzer, (sentence) => note(`${name}: ${sentence}`));
      if (row !== null) rows.push(row);
    }
  }
  return rows;
}

/** Returns null where nothing can be said. */
async function measureSet(
  { name: set, lists }: DependencySet,
  { name: analyzer, suits, find }: Analyzer,
  note: (sentence: string) => void,
): Promise<DependencyRow | null> {
  const suited = lists.filter(suits);
  if (suited.length === 0) return null;
  if (suited.length < lists.length) {
    note(
      `${suited.length} of ${lists.length} lists name what each task takes and makes; the others are left out.`,
    );
  }
  const outcomes = await outcomesOf(suited, find);
  const asked = outcomes.flatMap(({ findings }) => findings.asked ?? []);
  return isUsable(asked, note) ? dependencyRow({ set, analyzer }, outcomes) : null;
}

async function outcomesOf(lists: readonly KnownList[], find: Analyzer["find"]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const list of lists) {
    const start = performance.now();
    const findings = await find(list);
    const tookMs = performance.now() - start;
    const isTimed = findings.asked?.isReplayed !== true;
    const heardMs = findings.asked?.firstHeardAt == null ? tookMs : findings.asked.firstHeardAt - start;
    outcomes.push({
      ...{ list, findings },
      firstDispatchMs: isTimed ? heardMs : null,
      latencyMs: isTimed ? tookMs : null,
    });
  }
  return outcomes;
}

/** Tells whether what a model was asked is worth a row, and notes what it did not answer. */
function isUsable(asked: readonly Asked[], note: (sentence: string) => void): boolean {
  const unanswered = asked.filter(({ answered }) => !answered);
  if (unanswered.length === 0) return true;
  const reason = unanswered[0]!.problems.at(-1) ?? "it said nothing";
  const some = `${unanswered.length} of ${asked.length} lists`;
  if (unanswered[0]!.isReplayed) {
    note(`left out, as ${some} have no answer in the transcript (${reason}).`);
    return false;
  }
  if (unanswered.length === asked.length) throw new BadInput(`The model answered for no list: ${reason}`);
  note(`${some} were not answered and count in list order (${reason}).`);
  return true;
}
