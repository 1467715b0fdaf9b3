// What a model has said about the tasks of lists, kept on disk for the next analysis of nearly the same list.
//
// Owns:     the files of one folder whose names are `<who was asked>-<which list>.json`, both hashes.
// Does not: decide what may be kept (conversation), ask (ask-model).
//
// Invariants:
//   K1. An answer is used again only for the very same task, to its last sign, and the same asker: model, provider,
//       parameters and words of the question.
//   K2. It is used as it is only where all tasks before the task (of a set: all others) were shown with it then. Where some are new it says
//       nothing about these.
//   K3. A file that is damaged, torn, foreign or no file counts as none. Nothing here throws.
import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { EDGE_KINDS, systemClock } from "@sheaf/core";
import { z } from "zod";
import { ANSWER_SCHEMA } from "./answer.ts";
import type { TaskText } from "./list-text.ts";
import { type ModelSettings, providerOf } from "./model-settings.ts";
import { systemPrompt } from "./prompt.ts";
import { LONGEST_EVIDENCE, type SoundNeed } from "./repair.ts";

/** What is known of the tasks of a list before anybody is asked. */
interface RecalledAnswers {
  /** All that these targets need, by place. */
  readonly records: ReadonlyMap<number, readonly SoundNeed[]>;
  /** What these targets need, but for the tasks in `fresh`. */
  readonly partly: ReadonlyMap<number, readonly SoundNeed[]>;
  /** Places of tasks that are new, or have been changed or moved up. */
  readonly fresh: readonly number[];
}

export interface KeptAnswers {
  recall(targets: readonly number[]): RecalledAnswers;
  /** Keeps what is known of the list now. Returns null, or what went wrong as a sentence. */
  keep(records: ReadonlyMap<number, readonly SoundNeed[]>): string | null;
}

/** Changes with what this version makes of an answer. */
const FORMAT = 1;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** A list that was not analyzed for so long is forgotten. */
const KEPT_MS = 30 * DAY_MS;
/** Lists in one folder; the ones used last stay. */
const MOST_LISTS = 32;
const MOST_BYTES = 16 * 2 ** 20;
/** Of a list with more new tasks all is asked anew. */
const MOST_FRESH = 20;

const HASH = z.string().regex(/^[0-9a-f]{64}$/);
const NEED = z.tuple([
  z.int().nonnegative(),
  z.enum(EDGE_KINDS),
  z.string().max(LONGEST_EVIDENCE),
  z.number().min(0).max(1),
  z.int().nonnegative(),
]);
const TASKS = z.array(z.tuple([HASH, z.array(NEED).nullable()]));
const FILE = z.object({ format: z.literal(FORMAT), sum: HASH, tasks: TASKS });

type KeptTasks = z.infer<typeof TASKS>;

interface KeptList {
  readonly name: string;
  readonly tasks: KeptTasks;
}

const NOTHING: RecalledAnswers = { records: new Map(), partly: new Map(), fresh: [] };

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const short = (hash: string): string => hash.slice(0, 16);

interface AnsweredList {
  readonly tasks: readonly TaskText[];
  /** The tasks are in no order: an answer about one is about all others. */
  readonly isSet: boolean;
  readonly settings: ModelSettings;
}

/** Opens the answers that are kept in `folder`, or none where that is null, about these tasks. */
export function openKeptAnswers(
  folder: string | null,
  { tasks, isSet, settings }: AnsweredList,
): KeptAnswers {
  if (folder === null) return { recall: () => NOTHING, keep: () => null };
  const keys = tasks.map(({ text, whole }) => sha256(`${text}\n${whole}`));
  const asker = short(askerKey(settings, isSet));
  const name = `${asker}-${short(sha256(keys.join("\n")))}.json`;
  let found: KeptList | null = null;
  return {
    recall(targets) {
      found = nearestList(folder, asker, { keys, isSet });
      return found === null ? NOTHING : recallFrom(found.tasks, { keys, isSet }, targets);
    },
    keep(records) {
      if (records.size === 0) return null;
      const kept: KeptTasks = keys.map((key, place) => [key, records.get(place)?.map(toTuple) ?? null]);
      try {
        if (found?.name === name && JSON.stringify(found.tasks) === JSON.stringify(kept))
          touch(join(folder, name));
        else replaceFile(folder, name, fileText(kept));
        sweep(folder);
        return null;
      } catch (error) {
        return `The model's answers could not be kept in ${folder}: ${(error as Error).message}`;
      }
    },
  };
}

/** What else an answer depends on but the tasks. */
function askerKey(settings: ModelSettings, isSet: boolean): string {
  const elsewhere = new Set(["apiKey", "timeoutMs", "baseUrl"]);
  const parameters = Object.entries(settings).filter(([name]) => !elsewhere.has(name));
  const words = [systemPrompt(isSet), ANSWER_SCHEMA];
  return sha256(JSON.stringify([FORMAT, ...words, providerOf(settings), parameters.sort()]));
}

const toTuple = ({ on, kind, evidence, p, votes }: SoundNeed): z.infer<typeof NEED> => {
  return [on, kind, evidence, p, votes];
};

const fileText = (tasks: KeptTasks): string => {
  const text = JSON.stringify(tasks);
  return `{"format":${FORMAT},"sum":"${sha256(text)}","tasks":${text}}`;
};

/** Returns the kept list that knows most of the tasks. */
function nearestList(folder: string, asker: string, { keys, isSet }: KeyedList): KeptList | null {
  const wanted = new Set(keys);
  let nearest: KeptList | null = null;
  let most = 0;
  const candidates = filesIn(folder).filter(
    ({ name, bytes }) => name.startsWith(`${asker}-`) && bytes <= MOST_BYTES,
  );
  for (const { name } of candidates) {
    const tasks = readList(join(folder, name), isSet);
    const known = tasks?.filter(([key, needs]) => needs !== null && wanted.has(key)).length ?? 0;
    if (known > most) [nearest, most] = [{ name, tasks: tasks! }, known];
  }
  return nearest;
}

function readList(path: string, isSet: boolean): KeptTasks | null {
  try {
    const file = FILE.safeParse(JSON.parse(readFileSync(path, "utf8")));
    if (!file.success || sha256(JSON.stringify(file.data.tasks)) !== file.data.sum) return null;
    const { tasks } = file.data;
    const isPossible = (on: number, at: number): boolean => on < (isSet ? tasks.length : at) && on !== at;
    return tasks.every(([, needs], at) => needs?.every(([on]) => isPossible(on, at)) ?? true) ? tasks : null;
  } catch {
    return null; // torn, damaged or gone: then it is asked again
  }
}

/** Tasks by the hashes of all that is shown of them. */
interface KeyedList {
  readonly keys: readonly string[];
  readonly isSet: boolean;
}

function recallFrom(
  kept: KeptTasks,
  { keys, isSet }: KeyedList,
  targets: readonly number[],
): RecalledAnswers {
  const wasAt = new Map(kept.map(([key], at) => [key, at]));
  const isAt = new Map(keys.map((key, place) => [key, place]));
  // Where each task stood then; later than all where it is new.
  const before = Int32Array.from(keys, (key) => wasAt.get(key) ?? kept.length);
  const records = new Map<number, readonly SoundNeed[]>();
  const partly = new Map<number, readonly SoundNeed[]>();
  const fresh = new Set<number>();
  for (const place of targets) {
    const needs = kept[before[place]!]?.[1] ?? null;
    if (needs === null) continue;
    const news: number[] = [];
    const end = isSet ? keys.length : place;
    const since = isSet ? kept.length - 1 : before[place]!;
    for (let other = 0; other < end; other++) if (before[other]! > since) news.push(other);
    const known = needs.flatMap(([was, kind, evidence, p, votes]) => {
      const on = isAt.get(kept[was]![0]);
      return on === undefined || on >= end ? [] : [{ on, kind, evidence, p, votes }];
    });
    (news.length === 0 ? records : partly).set(place, known);
    for (const other of news) if (fresh.size <= MOST_FRESH) fresh.add(other);
  }
  if (fresh.size > MOST_FRESH) return { records, partly: new Map(), fresh: [] };
  return { records, partly, fresh: [...fresh].sort((a, b) => a - b) };
}

interface FolderFile {
  readonly name: string;
  readonly at: number;
  readonly bytes: number;
}

const OURS = /^[0-9a-f]{16}-[0-9a-f]{16}\.json$/;
/** Of answer-times. */
const TIMES = /^[0-9a-f]{16}-times\.json$/;
const TORN = /^[0-9a-f]{16}-([0-9a-f]{16}|times)\.json\.\d+\.tmp$/;

/** Returns the files of this form, the one used last first. */
function filesIn(folder: string, form: RegExp = OURS): readonly FolderFile[] {
  const names = namesIn(folder).filter((name) => form.test(name));
  return names.flatMap((name) => fileAt(folder, name) ?? []).sort((a, b) => b.at - a.at);
}

function fileAt(folder: string, name: string): FolderFile | null {
  try {
    const stat = lstatSync(join(folder, name));
    return stat.isFile() ? { name, at: stat.mtimeMs, bytes: stat.size } : null;
  } catch {
    return null; // gone by now, or not for this user
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // there is none yet, or it is not for this user
  }
}

function touch(path: string): void {
  const now = new Date(systemClock.now());
  utimesSync(path, now, now);
}

/** Puts a file in its place as a whole. */
export function replaceFile(folder: string, name: string, text: string): void {
  const temporary = join(folder, `${name}.${process.pid}.tmp`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(temporary, text);
  renameSync(temporary, join(folder, name));
}

/** Removes lists that nobody has used for long, or that are too many, and what was left half-written. */
function sweep(folder: string): void {
  const now = systemClock.now();
  let bytes = 0;
  const old = filesIn(folder).filter((file, i) => {
    bytes += file.bytes;
    return i >= MOST_LISTS || now - file.at > KEPT_MS || (i > 0 && bytes > MOST_BYTES);
  });
  const unasked = filesIn(folder, TIMES).filter(({ at }, i) => i >= MOST_LISTS || now - at > KEPT_MS);
  const torn = filesIn(folder, TORN).filter(({ at }) => now - at > HOUR_MS);
  for (const { name } of [...old, ...unasked, ...torn]) rmSync(join(folder, name), { force: true });
}
