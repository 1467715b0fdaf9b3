// Removes what nobody needs of a memo: entries by age and size, then the objects that no entry names any more.
//
// Invariants:
//   G3. An object goes only when no entry that stays names it and it is older than GRACE_MS: whoever is about to name
//       it has just made it, or made it young again.
import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { broughtFile, fromChecksummed } from "@sheaf/workdir";
import { ENTRIES, type MemoEntry, OBJECTS } from "../run/memo-store.ts";
import { diskUsage } from "./disk-usage.ts";

const GRACE_MS = 3_600_000;

export interface MemoRules {
  /** Entries go that are at least so old, in ms; null: none for their age. */
  readonly olderThanMs: number | null;
  /** Entries go, the oldest first, until the memo takes no more than this; null: none for their size. */
  readonly maxBytes: number | null;
}

/** What was removed of one memo, or would be. */
export interface MemoGarbage {
  readonly folder: string;
  /** Entries that went, and that stay. */
  readonly removed: number;
  readonly kept: number;
  readonly freedBytes: number;
}

interface Entry {
  readonly path: string;
  readonly keptAt: number;
  readonly bytes: number;
  /** Hashes of the objects that it names; null where it cannot be read. */
  readonly objects: readonly string[] | null;
}

interface Thing {
  readonly hash: string;
  readonly path: string;
  readonly bytes: number;
  readonly at: number;
}

/** Removes entries by the rules and sweeps objects. A memo that is not there has nothing to remove. */
export function collectMemo(
  folder: string,
  { rules, dryRun, now }: { readonly rules: MemoRules; readonly dryRun: boolean; readonly now: number },
): MemoGarbage {
  const entries = entriesIn(folder).sort((a, b) => a.keptAt - b.keptAt);
  const objects = objectsIn(folder);
  const { go, stay } = choose(entries, objects, rules, now);
  const marked = new Set(stay.flatMap((entry) => entry.objects ?? []));
  const swept = objects.filter(({ hash, at }) => !marked.has(hash) && now - at > GRACE_MS);
  const torn = tornIn(folder).filter(({ at }) => now - at > GRACE_MS);
  const gone = [...go, ...swept, ...torn];
  if (!dryRun) for (const { path } of gone) rmSync(path, { recursive: true, force: true });
  const freedBytes = gone.reduce((sum, { bytes }) => sum + bytes, 0);
  return { folder, removed: go.length, kept: stay.length, freedBytes };
}

function choose(
  entries: readonly Entry[],
  objects: readonly Thing[],
  { olderThanMs, maxBytes }: MemoRules,
  now: number,
): { readonly go: readonly Entry[]; readonly stay: readonly Entry[] } {
  const isOld = ({ keptAt, objects: named }: Entry): boolean =>
    named === null || (olderThanMs !== null && now - keptAt >= olderThanMs);
  const go = entries.filter(isOld);
  const stay = entries.filter((entry) => !isOld(entry));
  const sizes = new Map(objects.map(({ hash, bytes }) => [hash, bytes]));
  const uses = new Map<string, number>();
  for (const { objects: named } of stay)
    for (const hash of new Set(named)) uses.set(hash, (uses.get(hash) ?? 0) + 1);
  let left = stay.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const hash of uses.keys()) left += sizes.get(hash) ?? 0;
  while (maxBytes !== null && left > maxBytes && stay.length > 0) {
    const oldest = stay.shift()!;
    go.push(oldest);
    left -= oldest.bytes;
    for (const hash of new Set(oldest.objects)) {
      uses.set(hash, uses.get(hash)! - 1);
      if (uses.get(hash) === 0) left -= sizes.get(hash) ?? 0;
    }
  }
  return { go, stay };
}

function entriesIn(folder: string): Entry[] {
  return below(folder, ENTRIES, 3)
    .filter(({ name }) => !name.startsWith("."))
    .map(({ path, name }) => ({
      ...{ path, keptAt: Number.parseInt(name, 10), bytes: diskUsage(path).bytes, objects: objectsOf(path) },
    }));
}

function objectsOf(path: string): readonly string[] | null {
  try {
    const entry = fromChecksummed(readFileSync(join(path, "entry.json"), "utf8")) as MemoEntry | undefined;
    if (entry === undefined) return null;
    const files = (entry.effects?.changes ?? []).map(broughtFile);
    return files.flatMap((file) => (file === null ? [] : [file.hash!]));
  } catch {
    return null; // gone by now, or without what makes it one
  }
}

const objectsIn = (folder: string): readonly Thing[] =>
  below(folder, OBJECTS, 2).map(({ path, name, parent }) => thing(path, `${parent}${name}`));

/** What was being made when somebody was killed. */
const tornIn = (folder: string): readonly Thing[] =>
  [...below(folder, OBJECTS, 1), ...below(folder, ENTRIES, 3)]
    .filter(({ name }) => name.startsWith("."))
    .map(({ path, name }) => thing(path, name));

function thing(path: string, hash: string): Thing {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return { hash, path, bytes: (stat?.blocks ?? 0) * 512, at: stat?.mtimeMs ?? Number.POSITIVE_INFINITY };
}

interface Found {
  readonly path: string;
  readonly name: string;
  readonly parent: string;
}

/** Returns what lies so many folders deep; of what lies higher, nothing that begins with a dot is entered. */
function below(folder: string, part: string, depth: number): readonly Found[] {
  let level: readonly Found[] = [{ path: join(folder, part), name: part, parent: "" }];
  for (let i = 0; i < depth; i++) {
    level = level
      .filter(({ name }) => !name.startsWith("."))
      .flatMap(({ path, name: parent }) =>
        namesIn(path).map((name) => ({ path: join(path, name), name, parent })),
      );
  }
  return level;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
