import { type AnswerFlaw, EDGE_KINDS, type Edge, type EdgeKind, eachString, type Task } from "@sheaf/core";
import type { AnswerRecord, Need } from "./answer.ts";
import { LONGEST_FIELD } from "./list-text.ts";

/** A need that can be: of another task, an earlier one unless the list is a set; likely enough, said once. */
export interface SoundNeed {
  /** Place of the other task. */
  readonly on: number;
  readonly kind: EdgeKind;
  readonly evidence: string;
  /** By the model's own word, halved where the evidence is not found; by votes where there were some. */
  readonly p: number;
  /** How many votes `p` rests on; 0: none. */
  readonly votes: number;
}

/** How often each flaw was met. */
export type FlawCounts = Map<AnswerFlaw, number>;

export function countFlaw(flaws: FlawCounts, flaw: AnswerFlaw, by = 1): void {
  if (by > 0) flaws.set(flaw, (flaws.get(flaw) ?? 0) + by);
}

/** In UTF-16 code units. */
export const LONGEST_EVIDENCE = 200;

/** A need that is less likely is not worth waiting for. */
const LEAST_PROBABILITY = 0.2;

/** A task that needs more is a task that needs nearly all; what is left out costs a second attempt at most. */
export const MOST_NEEDS = 64;

/** Mends the records of a model about the tasks of one list. */
export interface RecordRepair {
  /** Returns the needs that can be of each task that a record is about and that was asked about, by its place. */
  needsByPlace(records: readonly AnswerRecord[]): ReadonlyMap<number, readonly SoundNeed[]>;
}

/** A list as its model is asked about it. */
export interface AskedList {
  readonly tasks: readonly Task[];
  /** The tasks are in no order, so that one may need a later one. */
  readonly isSet: boolean;
}

/**
 * @param isAsked tells whether there was a question about the task at a place
 * @param flaws where it is counted what had to be mended
 */
export function recordRepair(
  { tasks, isSet }: AskedList,
  isAsked: (place: number) => boolean,
  flaws: FlawCounts,
): RecordRepair {
  const texts = new Map<Task, string>();
  return {
    needsByPlace(records) {
      const said = new Map<number, (readonly Need[])[]>();
      for (const { task, needs } of records) {
        const isKnown = task >= 1 && task <= tasks.length;
        const parts = said.get(task - 1);
        if (!isKnown || !isAsked(task - 1)) countFlaw(flaws, isKnown ? "unasked" : "unknown");
        else if (parts === undefined) said.set(task - 1, [needs]);
        else parts.push(needs);
      }
      return new Map(Array.from(said, ([place, parts]) => [place, soundNeeds(place, parts.flat())]));
    },
  };

  function soundNeeds(place: number, needs: readonly Need[]): readonly SoundNeed[] {
    const sound = new Map<number, SoundNeed>();
    for (const need of needs) {
      const known = sound.get(need.on - 1);
      const flaw = needFlaw(need, place + 1, { tasks, isSet });
      if (flaw !== null) countFlaw(flaws, flaw);
      else if (known === undefined && sound.size === MOST_CHECKED) countFlaw(flaws, "too-many");
      else {
        if (known !== undefined) countFlaw(flaws, "twice");
        const found = soundNeed(need, place);
        if (known === undefined || found.p > known.p) sound.set(found.on, found);
      }
    }
    const likely = [...sound.values()].filter(({ p }) => p >= LEAST_PROBABILITY);
    countFlaw(flaws, "improbable", sound.size - likely.length);
    if (likely.length <= MOST_NEEDS) return likely;
    countFlaw(flaws, "too-many", likely.length - MOST_NEEDS);
    return likely.sort((a, b) => b.p - a.p || b.on - a.on).slice(0, MOST_NEEDS);
  }

  function soundNeed({ on, type, evidence, p }: Need, place: number): SoundNeed {
    const proven = isFound(evidence, [tasks[on - 1]!, tasks[place]!]);
    if (!proven) countFlaw(flaws, "unproven");
    return {
      on: on - 1,
      kind: EDGE_KINDS.find((known) => known === type.toLowerCase()) ?? "logic",
      evidence: shownEvidence(evidence),
      p: Math.min(1, Math.max(0, p)) * (proven ? 1 : 0.5),
      votes: 0,
    };
  }

  function isFound(evidence: string, ends: readonly Task[]): boolean {
    const quote = squash(evidence.replace(/^["'`“‘\s.…]+|["'`”’\s.…]+$/gu, ""));
    return quote !== "" && ends.some((task) => textOf(task, texts).includes(quote));
  }
}

/** Of more needs of one task the evidence is not even looked for. */
const MOST_CHECKED = 2 * MOST_NEEDS;

function needFlaw({ on }: Need, task: number, { tasks, isSet }: AskedList): AnswerFlaw | null {
  if (on < 1 || on > tasks.length) return "unknown";
  if (on === task) return "itself";
  return on > task && !isSet ? "later" : null;
}

// What nobody sees, or what turns the text after it round, has no place in what people are shown.
const shownEvidence = (evidence: string): string =>
  evidence
    .slice(0, 2 * LONGEST_EVIDENCE)
    .replace(/[\p{Cc}\p{Cf}\p{Co}\s]+/gu, " ")
    .trim()
    .slice(0, LONGEST_EVIDENCE);

/** A text without its spaces and capitals, so that only its words count. */
const squash = (text: string): string => text.toLowerCase().replace(/\s+/gu, "");

/** No task shows more words than this, so that to look for evidence takes no long. */
const LONGEST_TEXT = 10 * LONGEST_FIELD;

function textOf(task: Task, texts: Map<Task, string>): string {
  let text = texts.get(task);
  if (text === undefined) {
    const parts: string[] = [];
    const { id, description, run, input, reads, writes } = task;
    eachString([id, description, run, input, reads, writes], (part) => {
      parts.push(part.slice(0, LONGEST_FIELD));
    });
    text = squash(parts.join("\n").slice(0, LONGEST_TEXT));
    texts.set(task, text);
  }
  return text;
}

/** Returns the edge of a need of the task at `place`, or null where most votes were against it. */
export function edgeOf(tasks: readonly Task[], place: number, need: SoundNeed): Edge | null {
  const { on, kind, evidence, p, votes } = need;
  if (votes > 0 && p < 0.5) return null;
  return { from: tasks[on]!.id, to: tasks[place]!.id, kind, source: "llm", probability: p, evidence };
}

const LEFT_OUT: Readonly<Partial<Record<AnswerFlaw, string>>> = {
  unreadable: "unreadable",
  unasked: "about tasks that were not asked about",
  unknown: "about unknown tasks",
  itself: "about a task's need of itself",
  later: "about needs of later tasks",
  circular: "about needs that go in a circle",
  twice: "said before",
  improbable: "too improbable",
  "too-many": "more than one task may need",
  outvoted: "voted out",
};

/** Says what was left out, as a sentence for people; null when nothing was. */
export function sayFlaws(flaws: FlawCounts): string | null {
  const found = (Object.keys(LEFT_OUT) as AnswerFlaw[]).filter((flaw) => flaws.has(flaw));
  if (found.length === 0) return null;
  const total = found.reduce((sum, flaw) => sum + flaws.get(flaw)!, 0);
  const list = found.map((flaw) => `${flaws.get(flaw)} ${LEFT_OUT[flaw]}`).join(", ");
  return `${total} ${total === 1 ? "part" : "parts"} of the model's answer ${total === 1 ? "was" : "were"} left out: ${list}`;
}
