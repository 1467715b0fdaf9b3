// What an attempt read, whichever way that is known: by what it was shown, or by what it was observed to look at.
import { createHash } from "node:crypto";
import type { Observation, ObservationKind } from "@sheaf/core";
import type { TaskChange } from "./change.ts";
import { differences } from "./differences.ts";
import { joinPath } from "./relative-path.ts";
import { entryValue, observedValue, sharesPath, USUAL_MODE } from "./tracking/observation.ts";
import { type DirEntry, type Entry, lookup, type Tree } from "./tree.ts";
import {
  childrenWithin,
  EVERYTHING,
  eitherOf,
  type Shown,
  type Visible,
  visible,
  visiblePaths,
} from "./visible.ts";

/** Most conflicting paths that are named. */
const MOST = 20;

/** Globs that a task was shown, or everything, and paths that it asked for beside them. */
export interface ShownParts {
  readonly globs: readonly string[] | "everything";
  /** Those of the globs that it declares to read; the others it is shown as it may write there. @default globs */
  readonly reads?: readonly string[] | "everything";
  readonly asked: readonly string[];
  /** Files of which it is only known that it added to them. @default [] */
  readonly appended?: readonly string[];
}

/** Tells of a path at which two trees differ that the difference does not count. */
type IsIgnored = (path: string) => boolean | Promise<boolean>;

/** Reads in a form that can be kept, with what they came to. */
export interface RecordedReads {
  readonly shown: (ShownParts & { readonly value: string }) | null;
  readonly observed: readonly (readonly [kind: ObservationKind, path: string, value: string])[];
}

/** What an attempt read. */
export interface Reads {
  /** Topmost paths at which two trees differ as far as they were read, at most 20. Empty: it would read the same. */
  differences(a: Tree, b: Tree, isIgnored?: IsIgnored): Promise<readonly string[]>;
  /** How much of a path was shown. `all` where looks were observed: only they tell. */
  shown(path: string): Shown;
  /** Tells whether what is at this path may have been read, and not just written. */
  mayHaveRead(path: string): boolean;
  /** What was looked at, or null where all that was shown counts as read. */
  readonly observed: readonly Observation[] | null;
  /** Returns the reads with what they come to in a tree. */
  record(tree: Tree): Promise<RecordedReads>;
}

function visibleOf(globs: ShownParts["globs"], asked: readonly string[]): Visible {
  const declared = globs === "everything" ? EVERYTHING : visible(globs);
  return asked.length === 0 ? declared : eitherOf(declared, visiblePaths(asked));
}

/** Everything that was shown counts as read. */
export function shownReads(parts: ShownParts): Reads {
  const { globs, reads = globs, asked } = parts;
  const seen = visibleOf(globs, asked);
  const read = visibleOf(reads, asked);
  const appended = new Set(parts.appended);
  return {
    differences(a, b, isIgnored = () => false) {
      const addsAlike: IsIgnored = (path) =>
        appended.has(path) && sameObservation(a, b, { path, kind: "appended" });
      return differences(a, b, seen, {
        most: MOST,
        isIgnored: async (path) => (await addsAlike(path)) || isIgnored(path),
      });
    },
    shown: (path) => seen.shown(path),
    mayHaveRead: (path) => read.shown(path) !== "nothing",
    observed: null,
    async record(tree) {
      return { shown: { ...parts, value: await shownValue(tree, parts) }, observed: [] };
    },
  };
}

/** Tells which of these files an attempt with such reads has not read, though it was shown them. */
export function notRead(parts: ShownParts, paths: readonly string[]): readonly string[] {
  const { mayHaveRead } = shownReads(parts);
  return paths.filter((path) => !mayHaveRead(path));
}

/** Returns the observations with openings for appending as reads, but where these changes say what was added. */
export function withAppended(
  observations: readonly Observation[],
  changes: readonly TaskChange[],
): readonly Observation[] {
  const added = new Set(changes.flatMap(({ op, path }) => (op === "append" ? [path] : [])));
  return observations.map(({ path, kind }) =>
    kind === "appended" && !added.has(path) ? { path, kind: "content" } : { path, kind },
  );
}

/**
 * Returns the observations of an attempt that succeeded, of which these changes came. Who wrote a file and left it as
 * it was, or made a folder that was there, brings no change that would do so elsewhere: to them what was there
 * counts as read. A file that is there keeps its mode: who left one with an unusual mode may have made it so, and who
 * wrote over one in the snapshot might make another.
 */
export function withoutTrace(
  observations: readonly Observation[],
  { changes, snapshot }: { readonly changes: readonly TaskChange[]; readonly snapshot: Tree },
): readonly Observation[] {
  const put = new Map(changes.flatMap((each) => (bringsOrTakes(each) ? [[each.path, each]] : [])));
  const made = new Set(changes.flatMap(({ op, path }) => (op === "mkdir" ? [path] : [])));
  return observations.flatMap(({ path, kind }): Observation[] => {
    if (kind === "made" && !made.has(path)) return [{ path, kind: "exists" }];
    if (kind !== "written") return [{ path, kind }];
    const change = put.get(path);
    if (change === undefined) return [{ path, kind: "content" }];
    const isLooked = hasOwnMode(change) || lookup(snapshot, path)?.kind === "file";
    const looked: Observation[] = isLooked ? [{ path, kind: "exists" }] : [];
    return [{ path, kind }, ...looked];
  });
}

type Written = TaskChange & { readonly op: "put" | "remove" };
const bringsOrTakes = (change: TaskChange): change is Written =>
  change.op === "put" || change.op === "remove";
const hasOwnMode = (change: Written): boolean =>
  change.op === "put" && change.entry.kind === "file" && change.entry.mode !== USUAL_MODE;

/** What was observed is all that was read. */
export function observedReads(observations: readonly Observation[]): Reads {
  return {
    async differences(a, b, isIgnored = () => false) {
      const paths = new Set<string>();
      for (const observation of observations) {
        if (paths.size >= MOST) break;
        if (paths.has(observation.path) || (await sameObservation(a, b, observation))) continue;
        if (!(await isIgnored(observation.path))) paths.add(observation.path);
      }
      return [...paths];
    },
    shown: () => "all",
    mayHaveRead: (path) => observations.some((each) => each.path === path && looks(each)),
    observed: observations.filter(looks),
    async record(tree) {
      const observed: [ObservationKind, string, string][] = [];
      for (const each of observations) observed.push([each.kind, each.path, await observedValue(tree, each)]);
      return { shown: null, observed };
    },
  };
}

// Putting a file or folder somewhere tells little of what was there.
const looks = ({ kind }: Observation): boolean =>
  kind !== "written" && kind !== "appended" && kind !== "made";

async function sameObservation(a: Tree, b: Tree, observation: Observation): Promise<boolean> {
  if (sharesPath(a, b, observation.path)) return true;
  return (await observedValue(a, observation)) === (await observedValue(b, observation));
}

/** Returns the reads that were recorded. */
export function recordedReads({ shown, observed }: RecordedReads): Reads {
  if (shown !== null) return shownReads(shown);
  return observedReads(observed.map(([kind, path]) => ({ kind, path })));
}

/** Tells whether an attempt that made these reads would make the same ones in this tree. */
export async function readsHold(tree: Tree, { shown, observed }: RecordedReads): Promise<boolean> {
  for (const [kind, path, value] of observed) {
    if ((await observedValue(tree, { kind, path })) !== value) return false;
  }
  return shown === null || (await shownValue(tree, shown)) === shown.value;
}

/** Returns the paths that were looked at and tell something else in this tree. */
export async function differingReads(tree: Tree, { observed }: RecordedReads): Promise<readonly string[]> {
  const paths = new Set<string>();
  for (const [kind, path, value] of observed) {
    if ((await observedValue(tree, { kind, path })) !== value) paths.add(path);
  }
  return [...paths];
}

const byName = ([a]: readonly [string, Entry], [b]: readonly [string, Entry]): number =>
  a < b ? -1 : a > b ? 1 : 0;

/**
 * Returns one value for all that is shown of a tree. Where that is everything, files are told apart by size and time:
 * reading them all would take longer than most tasks.
 */
async function shownValue(tree: Tree, parts: ShownParts): Promise<string> {
  const { globs, asked, appended = [] } = parts;
  const seen = visibleOf(globs, asked);
  const added = new Set(appended);
  const tell = globs === "everything" ? stateOf : entryValue;
  const hash = createHash("sha256");
  const visit = async (folder: string, dir: DirEntry): Promise<void> => {
    const children = [...childrenWithin(dir.children, seen.within(folder))];
    for (const [name, entry] of children.sort(byName)) {
      const path = joinPath(folder, name);
      if (added.has(path)) continue;
      const shown = seen.shown(path);
      if (shown === "all") hash.update(`${path}\0${await tell(entry)}\0`);
      else if (shown === "presence" && entry.kind !== "file") {
        const value = entry.kind === "dir" ? "dir" : await entryValue(entry);
        hash.update(`${path}\0${value}\0`);
      }
      if (entry.kind === "dir") await visit(path, entry);
    }
  };
  await visit("", tree);
  for (const path of appended) {
    hash.update(`${path}\0${await observedValue(tree, { path, kind: "appended" })}\0`);
  }
  return hash.digest("hex");
}

function stateOf(entry: Entry): string | Promise<string> {
  if (entry.kind !== "file") return entryValue(entry);
  return `file ${entry.mode} ${entry.content.size} ${entry.content.mtimeNs}`;
}

/** Returns the paths that were looked at, are there, and were not declared. */
export function undeclaredReads(
  observations: readonly Observation[],
  tree: Tree,
  declared: Visible,
): readonly string[] {
  const paths = new Set<string>();
  for (const observation of observations) {
    const { path } = observation;
    if (observation.kind === "written" || observation.kind === "made" || declared.shown(path) !== "nothing")
      continue;
    if (lookup(tree, path) !== undefined) paths.add(path);
  }
  return [...paths];
}
