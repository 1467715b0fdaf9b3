// Needs that matter, asked about several times.
import { buildGraph, criticalPath, type Edge, type Task } from "@sheaf/core";
import { orderSet } from "../free-order.ts";
import { mergeEdges } from "../merge-edges.ts";
import type { Answer } from "./answer.ts";
import { askOnce, type Conversation } from "./conversation.ts";
import { eachAtMost } from "./each-at-most.ts";
import { type Pair, votesPrompt } from "./prompt.ts";
import { countFlaw, edgeOf } from "./repair.ts";

/** Pairs in one question; of more the doubtful ones are left at the word of the first answer. */
export const MOST_PAIRS = 40;

/** Between these a need is doubtful. */
const DOUBTFUL = { least: 0.2, most: 0.8 } as const;

export interface Votes {
  /** Edges by other sources than the model. */
  readonly others: readonly Edge[];
  /** How often to ask. */
  readonly votes: number;
}

/**
 * Asks about the needs that matter, in the forward wording, all in one question and that as often as there are votes.
 * The share of yes becomes the probability. A vote that fails does not count.
 */
export async function vote(
  conversation: Conversation,
  { others, votes }: Votes,
  signal: AbortSignal,
): Promise<void> {
  const pairs = pairsToVote(conversation, { others, votes });
  if (pairs.length === 0) return;
  const replies: Answer[] = [];
  await eachAtMost(
    votes,
    Array.from({ length: votes }, (_, i) => turned(pairs, Math.floor((i * pairs.length) / votes))),
    async (turn) => {
      const reply = await askOnce(conversation, votesPrompt(conversation, turn), signal);
      if (typeof reply !== "string") replies.push(reply);
      else conversation.notes.repairs.push(`${reply}, so one vote about dependencies does not count`);
    },
  );
  for (const pair of pairs) count(conversation, pair, replies);
}

// What stands first in a question may be judged otherwise than what stands last.
const turned = <T>(items: readonly T[], by: number): readonly T[] => [
  ...items.slice(by),
  ...items.slice(0, by),
];

function count({ records, flaws }: Conversation, { from, to }: Pair, replies: readonly Answer[]): void {
  const answers = replies.flatMap((reply) => {
    const about = reply.records.filter(({ task }) => task === to + 1);
    if (about.length === 0) return [];
    return [about.some(({ needs }) => needs.some(({ on, p }) => on === from + 1 && p >= 0.5))];
  });
  if (answers.length === 0) return;
  const p = answers.filter((yes) => yes).length / answers.length;
  if (p < 0.5) countFlaw(flaws, "outvoted");
  const needs = records.get(to)!;
  records.set(
    to,
    needs.map((need) => (need.on === from ? { ...need, p, votes: answers.length } : need)),
  );
}

interface Candidate extends Pair {
  readonly p: number;
  readonly isCritical: boolean;
}

/** Returns the pairs to ask about: those on the critical path first, then the most doubtful, in serial order. */
export function pairsToVote(
  { tasks, isSet, records }: Pick<Conversation, "tasks" | "isSet" | "records">,
  { others, votes }: Votes,
): readonly Pair[] {
  const found = [...records].flatMap(([to, needs]) => needs.map((need) => ({ to, need })));
  const edges = found.flatMap(({ to, need }) => edgeOf(tasks, to, need) ?? []);
  const isOpen = openPairs(others);
  const ordered = isSet ? orderSet(tasks, others, edges) : { tasks, circular: [] };
  const gone = new Set(ordered.circular);
  const critical = criticalPairs(ordered.tasks, [...others, ...edges.filter((edge) => !gone.has(edge))]);
  const candidates = found
    .filter(({ to, need }) => need.votes < votes && isOpen(tasks[need.on]!.id, tasks[to]!.id))
    .map(({ to, need: { on: from, p } }) => {
      return { from, to, p, isCritical: critical.has(`${tasks[from]!.id} ${tasks[to]!.id}`) };
    })
    .filter(({ p, isCritical }) => isCritical || (p >= DOUBTFUL.least && p <= DOUBTFUL.most));
  return candidates
    .sort(byWeight)
    .slice(0, MOST_PAIRS)
    .sort((a, b) => a.to - b.to || a.from - b.from)
    .map(({ from, to }) => ({ from, to }));
}

const doubt = ({ p }: Candidate): number => Math.abs(p - 0.5);

const byWeight = (a: Candidate, b: Candidate): number =>
  Number(b.isCritical) - Number(a.isCritical) || doubt(a) - doubt(b) || a.to - b.to || a.from - b.from;

/** Tells of two tasks whether nobody else has said that the one comes before the other. */
function openPairs(others: readonly Edge[]): (from: string, to: string) => boolean {
  const closed = new Set(others.map(({ from, to }) => `${from} ${to}`));
  return (from, to) => !closed.has(`${from} ${to}`);
}

/** Returns the pairs of tasks that follow each other on the longest path, each task counted as one. */
function criticalPairs(tasks: readonly Task[], edges: readonly Edge[]): ReadonlySet<string> {
  const graph = buildGraph(
    tasks.map(({ id }) => id),
    mergeEdges(edges),
  );
  const path = criticalPath(graph, new Float64Array(tasks.length).fill(1)).tasks;
  return new Set(path.slice(1).map((id, i) => `${path[i]} ${id}`));
}
