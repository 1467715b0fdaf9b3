import { type AnswerFlaw, type Edge, systemClock, type UsageRecord } from "@sheaf/core";
import { openAnswerTimes } from "./answer-times.ts";
import type { PermitCall } from "./call-permit.ts";
import { askAll, type Conversation, questionsOf } from "./conversation.ts";
import { expectedMs } from "./expected-time.ts";
import { fittingList, shorterList } from "./fitting-list.ts";
import { type KeptAnswers, openKeptAnswers } from "./kept-answers.ts";
import { LONGEST_FIELD, type ShownList } from "./list-text.ts";
import type { ModelNotes } from "./model-notes.ts";
import { DEFAULT_MODEL_TIMEOUT_MS, type ModelSettings } from "./model-settings.ts";
import { openingOf, type Question } from "./prompt.ts";
import { type AskedList, edgeOf, type SoundNeed, sayFlaws } from "./repair.ts";
import { vote } from "./votes.ts";
import { TIMED_OUT, withinDeadline } from "./within-deadline.ts";

export interface ModelQuestion extends AskedList {
  /** Places of the tasks whose needs are asked for. */
  readonly targets: ReadonlySet<number>;
  /** What other sources say; forward in serial order. */
  readonly others: readonly Edge[];
  /** How often needs that matter are asked about once more; 0: never. */
  readonly votes: number;
  readonly settings: ModelSettings;
  /** Folder in which answers are kept; null: nowhere. */
  readonly cacheDir: string | null;
  readonly signal: AbortSignal | undefined;
  /**
   * Called before a first call is made about so many targets, which may take so long, in ms; returns why it shall not
   * be, or null.
   */
  readonly objection?: (targets: number, expectedMs: number) => string | null;
  /** Called when the model is about to be asked, and never where kept answers say all. */
  readonly onAsking?: () => void;
  /** Called for each target with the edges into it, as soon as the model has spoken about it, and where that changes. */
  readonly onRecord?: (place: number, edges: readonly Edge[]) => void;
  /** Asked before each request. @default all are permitted */
  readonly permit?: PermitCall;
  /** Called for each model call of which the usage is known, at the latest when all is over. */
  readonly onUsage?: (usage: UsageRecord) => void;
}

export interface ModelFindings {
  readonly edges: readonly Edge[];
  /** Places of the targets that the model has spoken about; none where `problem` tells why. */
  readonly answered: ReadonlySet<number>;
  /** Why there is no usable answer, as the start of a sentence; null when there is one. */
  readonly problem: string | null;
  /** What had to be mended, as sentences for people. */
  readonly repairs: readonly string[];
  /** How often each flaw was met. */
  readonly repaired: Readonly<Partial<Record<AnswerFlaw, number>>>;
  /** Targets that nobody had to be asked about, by answers that were kept. */
  readonly cached: number;
  readonly usage: readonly UsageRecord[];
  /** Requests that may have cost something of which the server has told nothing. */
  readonly unmetered: number;
}

/**
 * Asks a model what the targets need. Whatever the model or its server does ends as a value within the time allowed;
 * what was answered until then counts.
 *
 * @throws the reason of `signal`, and nothing else
 */
export async function modelEdges(question: ModelQuestion): Promise<ModelFindings> {
  const { tasks, isSet, settings, signal, onRecord = () => {}, onUsage = () => {}, permit } = question;
  const told = new Map<number, string>();
  const tell = (place: number, needs: readonly SoundNeed[]): void => {
    const words = JSON.stringify(needs);
    if (told.get(place) === words) return;
    told.set(place, words);
    onRecord(
      place,
      needs.flatMap((need) => edgeOf(tasks, place, need) ?? []),
    );
  };
  const timeoutMs = settings.timeoutMs ?? DEFAULT_MODEL_TIMEOUT_MS;
  const permitted = permit === undefined ? {} : { permit };
  const notes: ModelNotes = { usage: [], unmetered: 0, repairs: [], ...permitted };
  const basis = { tasks, isSet, settings, notes, endsAt: systemClock.now() + timeoutMs, onNeeds: tell };
  const fresh = { records: new Map(), whole: new Set<number>(), flaws: new Map(), times: [] };
  let round = openRound(question, fittingList(tasks, settings), { ...basis, ...fresh });
  const times = openAnswerTimes(question.cacheDir, settings);
  const cached = new Set(round.recalled);
  const ask = async (inner: AbortSignal): Promise<void> => {
    for (;;) {
      await askAll(round.conversation, questionsOf(round.about, round.again), inner);
      if (!round.conversation.isTooLong) break;
      const shorter = shorterList(tasks, round.shown, settings);
      if (shorter === null) return;
      notes.repairs.push(sayShorter(round.shown, shorter));
      round = openRound(question, shorter, round.conversation);
      for (const place of round.recalled) cached.add(place);
      for (const [place, needs] of round.conversation.records) tell(place, needs);
    }
    if (question.votes > 0) await vote(round.conversation, question, inner);
  };
  const count = round.about.length + (round.again?.of.length ?? 0);
  let end = count === 0 ? null : (question.objection?.(count, expectedMs(count, times.speed())) ?? null);
  const asks = end === null && count + question.votes > 0;
  if (asks) {
    question.onAsking?.();
    for (const [place, needs] of round.conversation.records) tell(place, needs);
  }
  try {
    if (asks && (await withinDeadline(ask, { timeoutMs, signal })) === TIMED_OUT)
      end = sayLate(round.conversation, timeoutMs);
  } catch (error) {
    signal?.throwIfAborted();
    end = `Asking the model failed (${error instanceof Error ? error.message : String(error)})`;
  } finally {
    for (const usage of notes.usage) onUsage(usage);
  }
  const { conversation, shown, kept } = round;
  times.keep(conversation.times);
  const unkept = kept.keep(
    new Map([...conversation.records].filter(([place]) => conversation.whole.has(place))),
  );
  if (unkept !== null) notes.repairs.push(unkept);
  const found = findings(conversation, end);
  return { ...found, repairs: [...sayShown(shown, tasks.length), ...found.repairs], cached: cached.size };
}

/** What is asked about one list as it is shown; another round follows where the server finds that too long. */
interface Round {
  readonly shown: ShownList;
  readonly kept: KeptAnswers;
  readonly conversation: Conversation;
  readonly about: readonly number[];
  readonly again: Question["again"];
  /** Places of the targets of which all is known by kept answers. */
  readonly recalled: readonly number[];
}

type Basis = Omit<Conversation, "opening" | "partly" | "problems" | "isTooLong">;

/** Opens a round; what is known of the targets by an earlier one stays known. */
function openRound({ targets, cacheDir }: ModelQuestion, shown: ShownList, basis: Basis): Round {
  const { isSet, settings, records } = basis;
  const wanted = [...targets].filter((place) => place < shown.tasks.length).sort((a, b) => a - b);
  const kept = openKeptAnswers(cacheDir, { tasks: shown.tasks, isSet, settings });
  const { records: recalled, partly, fresh } = kept.recall(wanted);
  const known = new Map([...recalled, ...records]);
  const conversation: Conversation = {
    ...basis,
    ...{ records: known, whole: new Set([...basis.whole, ...recalled.keys()]) },
    ...{ opening: openingOf(shown.tasks), partly, problems: new Map(), isTooLong: false },
  };
  const unsure = [...partly.keys()].filter((place) => !known.has(place));
  return {
    ...{ shown, kept, conversation, recalled: [...recalled.keys()] },
    about: wanted.filter((place) => !known.has(place) && !partly.has(place)),
    again: unsure.length === 0 ? null : { of: unsure, need: fresh },
  };
}

const sayShorter = ({ chars }: ShownList, shorter: ShownList): string =>
  `The model's server refused ${chars} characters of the list as too long, so it was asked again with ${shorter.chars}`;

const sayLate = ({ records }: Conversation, timeoutMs: number): string =>
  records.size === 0
    ? `The model gave no answer within ${timeoutMs} ms`
    : `The model did not answer everything within ${timeoutMs} ms`;

function sayShown({ tasks, fieldChars }: ShownList, count: number): readonly string[] {
  if (fieldChars === LONGEST_FIELD) return [];
  const cut = `The list is long, so the model was shown at most ${fieldChars} characters of each text`;
  if (tasks.length === count) return [cut];
  return [
    cut,
    `The list is too long for the model, which was not asked about the last ${count - tasks.length} tasks`,
  ];
}

// Copies: an answer that comes after the deadline must not change what was returned.
function findings(conversation: Conversation, end: string | null): Omit<ModelFindings, "cached"> {
  const { tasks, records, flaws, notes, problems } = conversation;
  const places = [...records.keys()].sort((a, b) => a - b);
  const said = {
    repaired: Object.fromEntries(flaws),
    usage: [...notes.usage],
    unmetered: notes.unmetered,
    edges: places.flatMap((place) => records.get(place)!.flatMap((need) => edgeOf(tasks, place, need) ?? [])),
    answered: new Set(places),
  };
  const repairs = [...new Set(notes.repairs), sayFlaws(flaws)].filter((sentence) => sentence !== null);
  if (places.length === 0) {
    const problem = end ?? [...problems.keys()][0] ?? NOTHING_SAID;
    return { ...said, problem, repairs };
  }
  const failures = Array.from(
    problems,
    ([problem, count]) => `${problem}, so nothing is known of ${counted(count)}`,
  );
  return { ...said, problem: null, repairs: [...repairs, ...failures, ...(end === null ? [] : [end])] };
}

const counted = (tasks: number): string => `${tasks} ${tasks === 1 ? "task" : "tasks"}`;

const NOTHING_SAID = "The model's answer says nothing about the tasks it was asked about";
