// All that a model is asked about one list, and what is known by its answers so far.
//
// Owns:     the order of the questions: one alone, the rest side by side, what is missing once more.
// Does not: talk to the server (ask-model), judge needs (repair), make edges (model-edges).
//
// Invariants:
//   Q1. Every question begins with the same words.
//   Q2. Each task is asked about once, and once more where an answer came without its record.
//   Q3. A question that fails leaves no trace but its problem: its tasks stay without a record.
//   Q4. `whole` holds only tasks whose record came in an answer that could be read to its end.
import { isSheafError, systemClock } from "@sheaf/core";
import { type Answer, type AnswerRecord, answerReader, readAnswer } from "./answer.ts";
import { eachAtMost } from "./each-at-most.ts";
import type { ModelNotes } from "./model-notes.ts";
import type { ModelSettings } from "./model-settings.ts";
import { type Prompt, type Question, recordsPrompt } from "./prompt.ts";
import {
  type AskedList,
  countFlaw,
  type FlawCounts,
  MOST_NEEDS,
  recordRepair,
  type SoundNeed,
} from "./repair.ts";

export interface Conversation extends AskedList {
  readonly settings: ModelSettings;
  /** When the time is up for all questions together, in ms since 1970. */
  readonly endsAt: number;
  /** What every question begins with. */
  readonly opening: string;
  /** What the targets need, by place. */
  readonly records: Map<number, readonly SoundNeed[]>;
  /** Told what a target needs as soon as the model has said it, and again where that changes. */
  readonly onNeeds: (place: number, needs: readonly SoundNeed[]) => void;
  /** What is known by kept answers of targets that may need more; see `Question.again`. */
  readonly partly: ReadonlyMap<number, readonly SoundNeed[]>;
  /** Places of the targets whose records may be kept for later analyses. */
  readonly whole: Set<number>;
  readonly flaws: FlawCounts;
  readonly notes: ModelNotes;
  /** Why questions failed, as starts of sentences, each with the number of tasks that it was about. */
  readonly problems: Map<string, number>;
  /** How long each answer took that said all it was asked about. */
  readonly times: AnswerTime[];
  /** Whether the server has refused a question as too long; then no other is asked. */
  isTooLong: boolean;
}

/** How long one answer took from the question on, in ms, tries and pauses included. */
export interface AnswerTime {
  /** Tasks it was about. */
  readonly tasks: number;
  /** Until its first record had come. */
  readonly firstMs: number;
  /** Until its end. */
  readonly ms: number;
}

/** Tasks in one question. */
export const CHUNK = 40;
/** Questions asked about again. */
const MOST_AGAIN = 2;
/** Questions side by side, after the first. */
export const MOST_AT_ONCE = 6;
/** After so many failed questions and no answer the model is given up. */
const MOST_FAILURES = 2;

/** Splits places into questions of CHUNK at most; the first also asks `again`. */
export function questionsOf(about: readonly number[], again: Question["again"] = null): readonly Question[] {
  const count = Math.max(Math.ceil(about.length / CHUNK), again === null ? 0 : 1);
  return Array.from({ length: count }, (_, i) => ({
    about: about.slice(i * CHUNK, (i + 1) * CHUNK),
    again: i === 0 ? again : null,
  }));
}

/** Asks all questions: the first alone, so that servers then know the list, the rest side by side. */
export async function askAll(
  conversation: Conversation,
  questions: readonly Question[],
  signal: AbortSignal,
): Promise<void> {
  const missing = new Set<number>();
  const ask = async (question: Question): Promise<boolean> => {
    if (conversation.isTooLong) return false;
    const left = await askRecords(conversation, question, signal);
    for (const place of left ?? []) missing.add(place);
    return left !== null;
  };
  let next = 0;
  for (let failures = 0; next < questions.length; ) {
    if (await ask(questions[next++]!)) break;
    failures += 1;
    if (failures === MOST_FAILURES) return;
  }
  await eachAtMost(MOST_AT_ONCE, questions.slice(next), ask);
  const again = [...missing].sort((a, b) => a - b).slice(0, MOST_AGAIN * CHUNK);
  countFlaw(conversation.flaws, "missing", again.length);
  await eachAtMost(MOST_AT_ONCE, questionsOf(again), ask);
}

/** Asks one question. Returns the places that its answer left out, or null where there was no answer. */
async function askRecords(
  conversation: Conversation,
  question: Question,
  signal: AbortSignal,
): Promise<readonly number[] | null> {
  const prompt = recordsPrompt(conversation, question);
  const { about, again } = question;
  const asked = new Set(about);
  // What is wrong with a record is counted when the whole answer is there.
  const early = recordRepair(conversation, (place) => asked.has(place), new Map());
  const startedAt = systemClock.now();
  let firstAt = 0;
  const reply = await askOnce(conversation, prompt, signal, (record) => {
    firstAt ||= systemClock.now();
    for (const [place, needs] of early.needsByPlace([record])) conversation.onNeeds(place, needs);
  });
  if (typeof reply !== "string") {
    const endedAt = systemClock.now();
    const left = hear(conversation, question, reply);
    const took = { firstMs: (firstAt || endedAt) - startedAt, ms: endedAt - startedAt };
    if (again === null && left.length === 0) conversation.times.push({ tasks: about.length, ...took });
    return left;
  }
  const { problems } = conversation;
  problems.set(reply, (problems.get(reply) ?? 0) + about.length + (again?.of.length ?? 0));
  return null;
}

/** Returns the reply, or in words why there is none. */
export async function askOnce(
  conversation: Conversation,
  prompt: Prompt,
  signal: AbortSignal,
  onRecord: (record: AnswerRecord) => void = () => {},
): Promise<Answer | string> {
  const { settings, notes, endsAt } = conversation;
  // Loaded where it is needed: the client alone takes longer to load than most analyses, and kept answers need none.
  const [{ askModel, modelProblem }, { isTooLong }] = await Promise.all([
    import("./ask-model.ts"),
    import("./too-long.ts"),
  ]);
  try {
    // A signal of its own for each call: the client leaves its listeners on what it is given.
    const options = { notes, signal: AbortSignal.any([signal]), onRecord };
    const text = await askModel(prompt, { ...settings, timeoutMs: endsAt - systemClock.now() }, options);
    signal.throwIfAborted(); // what comes too late must change nothing
    return readAnswer(text);
  } catch (error) {
    signal.throwIfAborted();
    const cut = cutAnswer(error);
    if (cut !== null) return cut;
    if (isTooLong(error)) conversation.isTooLong = true;
    return modelProblem(error, settings);
  }
}

/** Returns what is left of an answer that did not come to its end; null where nothing of it can be used. */
function cutAnswer(error: unknown): Answer | null {
  const text = isSheafError(error, "MODEL_ANSWER_REFUSED") ? error.details.text : undefined;
  if (text === undefined) return null;
  const reader = answerReader();
  const records = reader.push(text);
  return records.length === 0
    ? null
    : { records, unreadable: reader.unreadable, isCut: true, isWrapped: false };
}

/** Takes what a reply says and returns the places that were asked about and are not known now. */
function hear(conversation: Conversation, question: Question, reply: Answer): readonly number[] {
  const { flaws, records, whole, partly } = conversation;
  countFlaw(flaws, "unreadable", reply.unreadable);
  if (reply.isCut) countFlaw(flaws, "cut");
  if (reply.isWrapped) countFlaw(flaws, "wrapped");
  const isWhole = !reply.isCut && reply.unreadable === 0;
  const { about, again } = question;
  const asked = new Set([...about, ...(again?.of ?? [])]);
  const repair = recordRepair(conversation, (place) => asked.has(place), flaws);
  const said = repair.needsByPlace(reply.records);
  const learn = (place: number, needs: readonly SoundNeed[]): void => {
    records.set(place, needs);
    if (isWhole) whole.add(place);
    conversation.onNeeds(place, needs);
  };
  for (const place of about) {
    const needs = said.get(place);
    if (needs !== undefined) learn(place, needs);
  }
  // Who is left out of these needs nothing more, but only an answer with an end leaves anybody out.
  for (const place of isWhole ? (again?.of ?? []) : []) {
    const known = partly.get(place) ?? [];
    const more = (said.get(place) ?? []).filter(({ on }) => isNews(on, known, again!.need));
    learn(place, [...known, ...more].slice(0, MOST_NEEDS));
  }
  return [...asked].filter((place) => !records.has(place));
}

const isNews = (on: number, known: readonly SoundNeed[], asked: readonly number[]): boolean =>
  asked.includes(on) && !known.some((need) => need.on === on);
