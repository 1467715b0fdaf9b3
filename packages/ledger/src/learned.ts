import { type HintFile, readHints, replaceHints } from "./hint-file.ts";

const MAX_TASKS = 10_000;
/** A task that touches more paths than this is not remembered: its list would cost more than it saves. */
const MAX_PATHS = 2_000;

/** What a task did with files of the shared directory when it last succeeded; paths below that directory. */
export interface LearnedFiles {
  /** What it read of that other tasks wrote; null when not all that it read is known. */
  readonly reads: readonly string[] | null;
  readonly writes: readonly string[];
}

/** What earlier runs have shown about tasks, by a key that changes with the task's definition. Nothing here throws. */
export interface Learned {
  /** Why the file counts as empty, or null when it was read or there is none yet. */
  readonly note: string | null;
  find(key: string): LearnedFiles | null;
  record(key: string, files: LearnedFiles): void;
  /** Writes what was recorded, all at once, and returns null, or what went wrong. */
  save(): string | null;
}

type Entry = readonly [key: string, files: LearnedFiles];

const FILE: HintFile<readonly Entry[]> = {
  about: "Dependencies learned in earlier runs",
  schema: 1,
  member: "tasks",
  accepts: (value): value is readonly Entry[] => Array.isArray(value) && value.every(isEntry),
};

/** Opens what was learned in the file `path`, or in memory alone where that is null. */
export function openLearned(path: string | null): Learned {
  const { value, note } = path === null ? { value: null, note: null } : readHints(path, FILE);
  const tasks = new Map(value?.slice(-MAX_TASKS));
  let changed = false;
  return {
    note,
    find: (key) => tasks.get(key) ?? null,
    record(key, files) {
      const known = tasks.get(key);
      if (known !== undefined && JSON.stringify(known) === JSON.stringify(files)) return;
      changed = true;
      tasks.delete(key); // so that the map keeps the order of the last change, oldest first
      if ((files.reads?.length ?? 0) + files.writes.length <= MAX_PATHS) tasks.set(key, files);
    },
    save() {
      if (path === null || !changed) return null;
      const problem = replaceHints(path, FILE, [...tasks].slice(-MAX_TASKS));
      changed = problem !== null;
      return problem;
    },
  };
}

const isPaths = (value: unknown): boolean =>
  Array.isArray(value) && value.every((path) => typeof path === "string");

function isEntry(value: unknown): value is Entry {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== "string") return false;
  const { reads, writes } = (value[1] ?? {}) as { readonly reads?: unknown; readonly writes?: unknown };
  return (reads === null || isPaths(reads)) && isPaths(writes);
}
