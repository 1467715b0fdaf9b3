import { EDGE_KINDS, type Edge, eachString, type Task } from "@sheaf/core";
import type { Answer, AnswerRecord, Need } from "./answer.ts";

/** What is wrong with a part of an answer, so that it is left out. */
type Flaw = "unreadable" | "unasked" | "unknown" | "itself" | "later" | "twice";

/** What is left of a model's answer. */
export interface RepairedAnswer {
  /** Forward in serial order, at most one for two tasks. */
  readonly edges: readonly Edge[];
  /** Places of the tasks that have a record. */
  readonly answered: ReadonlySet<number>;
  /** What was left out, as a sentence for people; null when nothing was. */
  readonly repairs: string | null;
}

const LONGEST_EVIDENCE = 200;

/**
 * Leaves out of an answer what cannot be: unknown tasks, needs of a task on itself or on a later one, what is said
 * twice. Halves the probability where the evidence stands in neither task.
 *
 * @param tasks in serial order
 * @param targets places that were asked about
 */
export function repairAnswer(
  answer: Answer,
  tasks: readonly Task[],
  targets: ReadonlySet<number>,
): RepairedAnswer {
  const flaws = new Map<Flaw, number>([["unreadable", answer.unreadable]]);
  const drop = (flaw: Flaw): void => void flaws.set(flaw, (flaws.get(flaw) ?? 0) + 1);
  const answered = new Set<number>();
  const edges = new Map<string, Edge>();
  const texts = new Map<Task, string>();
  for (const record of answer.records) {
    const flaw = recordFlaw(record, tasks.length, targets);
    if (flaw !== null) {
      drop(flaw);
      continue;
    }
    answered.add(record.task - 1);
    for (const need of record.needs) {
      const problem = needFlaw(need, record.task, tasks.length);
      if (problem !== null) {
        drop(problem);
        continue;
      }
      const edge = toEdge(need, { from: tasks[need.on - 1]!, to: tasks[record.task - 1]!, texts });
      const pair = `${edge.from} ${edge.to}`;
      const known = edges.get(pair);
      if (known !== undefined) drop("twice");
      if (known === undefined || edge.probability > known.probability) edges.set(pair, edge);
    }
  }
  return { edges: [...edges.values()], answered, repairs: describe(flaws) };
}

function recordFlaw({ task }: AnswerRecord, tasks: number, targets: ReadonlySet<number>): Flaw | null {
  if (task < 1 || task > tasks) return "unknown";
  return targets.has(task - 1) ? null : "unasked";
}

function needFlaw({ on }: Need, task: number, tasks: number): Flaw | null {
  if (on < 1 || on > tasks) return "unknown";
  if (on === task) return "itself";
  return on > task ? "later" : null;
}

interface Ends {
  readonly from: Task;
  readonly to: Task;
  /** Texts of tasks that were looked at before. */
  readonly texts: Map<Task, string>;
}

function toEdge({ type, evidence, p }: Need, { from, to, texts }: Ends): Edge {
  const kind = EDGE_KINDS.find((known) => known === type.toLowerCase()) ?? "logic";
  const quote = squash(evidence.replace(/^["'`“‘\s.…]+|["'`”’\s.…]+$/gu, ""));
  const isFound = quote !== "" && [from, to].some((task) => textOf(task, texts).includes(quote));
  return {
    from: from.id,
    to: to.id,
    kind,
    source: "llm",
    probability: Math.min(1, Math.max(0, p)) * (isFound ? 1 : 0.5),
    evidence: evidence
      .replace(/[\p{Cc}\s]+/gu, " ")
      .trim()
      .slice(0, LONGEST_EVIDENCE),
  };
}

/** A text without its spaces and capitals, so that only its words count. */
const squash = (text: string): string => text.toLowerCase().replace(/\s+/gu, "");

function textOf(task: Task, texts: Map<Task, string>): string {
  let text = texts.get(task);
  if (text === undefined) {
    const parts: string[] = [];
    const { id, description, run, input, reads, writes } = task;
    eachString([id, description, run, input, reads, writes], (part) => parts.push(part));
    text = squash(parts.join("\n"));
    texts.set(task, text);
  }
  return text;
}

const FLAW_WORDS: Readonly<Record<Flaw, string>> = {
  unreadable: "unreadable",
  unasked: "about tasks that were not asked about",
  unknown: "about unknown tasks",
  itself: "about a task's need of itself",
  later: "about needs of later tasks",
  twice: "said before",
};

function describe(flaws: ReadonlyMap<Flaw, number>): string | null {
  const found = [...flaws].filter(([, count]) => count > 0);
  if (found.length === 0) return null;
  const total = found.reduce((sum, [, count]) => sum + count, 0);
  const list = found.map(([flaw, count]) => `${count} ${FLAW_WORDS[flaw]}`).join(", ");
  return `${total} ${total === 1 ? "part" : "parts"} of the model's answer ${total === 1 ? "was" : "were"} left out: ${list}`;
}
