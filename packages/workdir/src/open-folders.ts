// Folders that their owner may not change, while what is in them is published.
import { dirname } from "node:path";
import type { Change } from "./change.ts";
import type { FileStat } from "./file-stat.ts";
import { pathParts } from "./relative-path.ts";

/** A change, and what takes it back. */
export interface Step {
  readonly change: Change;
  readonly undo: Change;
}

/** What its owner needs to make, remove and rename what is in a folder, and to reach what is below it. */
const MAY_CHANGE = 0o300;
const MAY_PASS = 0o100;

const isClosed = (mode: number): boolean => (mode & MAY_CHANGE) !== MAY_CHANGE;
const opened = (mode: number): number => mode | 0o700;
const chmod = (path: string, mode: number): Change => ({ op: "chmod", path, mode });
const depth = (path: string): number => pathParts(path).length;
const deepestFirst = (a: Step, b: Step): number => depth(b.change.path) - depth(a.change.path);

/**
 * Returns the steps with those between them that open each closed folder in which something happens, and close it
 * again at the end. Repeated from the beginning they come to the same.
 *
 * @param stats state in which the paths have been left
 */
export function withOpenFolders(
  steps: readonly Step[],
  stats: ReadonlyMap<string, FileStat>,
): readonly Step[] {
  const made = new Map(
    steps.flatMap(({ change }) => (change.op === "mkdir" ? [[change.path, change.mode]] : [])),
  );
  const before = closedBefore(steps, stats);
  if (before.size === 0 && !steps.some(closes)) return steps;
  const opening = [...before]
    .sort(([a], [b]) => depth(a) - depth(b))
    .map(([path, mode]): Step => ({ change: chmod(path, opened(mode)), undo: chmod(path, mode) }));
  const gone = new Set(steps.flatMap(({ change }) => (change.op === "rmdir" ? [change.path] : [])));
  const changed = new Set(steps.flatMap(({ change }) => (change.op === "chmod" ? [change.path] : [])));
  const closing = [...new Map([...before, ...made])].flatMap(([path, mode]): Step[] => {
    if (changed.has(path) || !isClosed(mode) || (gone.has(path) && !made.has(path))) return [];
    return [{ change: chmod(path, mode), undo: chmod(path, opened(mode)) }];
  });
  const whileOpen = steps.map((step) => openStep(step, before));
  const isLast = ({ change }: Step): boolean => change.op === "chmod";
  const last = [...whileOpen.filter(isLast), ...closing].sort(deepestFirst);
  return [...opening, ...whileOpen.filter((step) => !isLast(step)), ...last];
}

const closes = ({ change }: Step): boolean =>
  (change.op === "mkdir" || change.op === "chmod") && isClosed(change.mode);

function closedBefore(
  steps: readonly Step[],
  stats: ReadonlyMap<string, FileStat>,
): ReadonlyMap<string, number> {
  const needed = new Map<string, number>();
  const need = (folder: string, bits: number): void =>
    void needed.set(folder, (needed.get(folder) ?? 0) | bits);
  for (const { change } of steps) {
    if (change.op !== "chmod") need(dirname(change.path), MAY_CHANGE);
    for (let folder = dirname(change.path); folder !== "."; folder = dirname(folder)) need(folder, MAY_PASS);
  }
  const after = new Map(
    steps.flatMap(({ change }) =>
      change.op === "chmod" || change.op === "mkdir" ? [[change.path, change.mode]] : [],
    ),
  );
  const removed = new Set(steps.flatMap(({ change }) => (change.op === "remove" ? [change.path] : [])));
  const closed = new Map<string, number>();
  for (const [folder, bits] of needed) {
    const mode = stats.get(folder)?.mode;
    // What is removed and has something below it now was a file.
    if (mode === undefined || removed.has(folder)) continue;
    // One that is closed only at the end is closed from the beginning when all is repeated.
    const isOpen = [mode, after.get(folder) ?? mode].every((each) => (each & bits) === bits);
    if (!isOpen) closed.set(folder, mode);
  }
  return closed;
}

function openStep({ change, undo }: Step, before: ReadonlyMap<string, number>): Step {
  return { change: openMkdir(change), undo: before.has(undo.path) ? openUndo(undo) : undo };
}

const openMkdir = (change: Change): Change =>
  change.op === "mkdir" && isClosed(change.mode) ? { ...change, mode: opened(change.mode) } : change;

const openUndo = (undo: Change): Change =>
  undo.op === "mkdir" || undo.op === "chmod" ? { ...undo, mode: opened(undo.mode) } : undo;
