import { type BigIntStats, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Observation, Observed, Room, SharedDir } from "@sheaf/core";
import type { TaskChange } from "./change.ts";
import { statOf } from "./file-stat.ts";

import type { MountedView } from "./overlay/mounted-views.ts";
import {
  notRead,
  observedReads,
  type Reads,
  shownReads,
  undeclaredReads,
  withAppended,
  withoutTrace,
} from "./reads.ts";

import { joinPath, normalizePath, pathParts } from "./relative-path.ts";
import { ensureFolder, putEntry, type Staging } from "./stage.ts";
import { leadsBack } from "./stand-in.ts";
import type { Entry, Tree } from "./tree.ts";
import { type Visible, visible } from "./visible.ts";

/** An attempt's work directory while it runs. */
export interface View {
  readonly taskId: string;
  readonly attempt: number;
  /** Absolute path. */
  readonly path: string;
  /** Absolute path of this attempt's folder for what is kept beside the work directory. */
  readonly beside: string;
  /** Where the attempt's processes see the view at the shared directory's own path; null where they do not. */
  readonly room: Room | null;
  readonly shared: SharedDir;
  /**
   * Puts one more path of the snapshot into the view, as far as the attempt has not made it itself.
   *
   * @returns false when the snapshot has nothing there.
   * @throws SheafError OPTION_INVALID for a path that is absolute or leaves the directory.
   */
  read(path: string): Promise<boolean>;
}

/** A view with what the transaction needs to know of it. */
export interface OpenView extends View {
  readonly snapshot: Tree;
  /** What was committed, and so in the live directory, when the view was made. */
  readonly committed: Tree;
  /** How many commits had made it. */
  readonly commits: number;
  /** Globs that it was shown, or everything. */
  readonly shown: readonly string[] | "everything";
  /** Those of them that it declares to read. */
  readonly reads: readonly string[] | "everything";
  readonly writes: Visible | null;
  readonly staging: Staging;
  /** Paths that the attempt asked for beside what it declared. */
  readonly asked: Set<string>;
  /** Inode of the view's own folder. */
  readonly inode: bigint;
  /** The mount that the view is; null where it is a folder that was filled. */
  readonly mounted: MountedView | null;
  /** Folder for the layer of what it writes. */
  readonly layer: string;
}

const MAX_LINK_HOPS = 8;

/** Where a link leads inside the snapshot, or undefined when it leads out of it. */
function linkTarget(path: string, target: string): string | undefined {
  if (target.startsWith("/")) return undefined;
  const parts: string[] = [...pathParts(path).slice(0, -1)];
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

/** Where a path that stops at this entry goes on inside the snapshot, if it does. */
function leadsOn(at: string, entry: Entry, path: string): string | undefined {
  if (entry.kind === "frozen") return leadsBack(entry, at, path);
  if (entry.kind !== "link") return undefined;
  const target = linkTarget(at, entry.target);
  if (target === undefined) return undefined; // it leads out of the directory; what is there is not the run's to track
  return joinPath(target, path.slice(at.length + 1)).replace(/\/$/, "");
}

// The first entry on the way that is no folder: a link there decides where the path leads.
function firstStop(tree: Tree, path: string): { readonly at: string; readonly entry: Entry | undefined } {
  let at = "";
  let entry: Entry | undefined = tree;
  for (const part of pathParts(path)) {
    if (entry?.kind !== "dir") break;
    at = joinPath(at, part);
    entry = entry.children.get(part);
  }
  return { at, entry };
}

/** Shows one path of the snapshot in the view, following links inside the snapshot. Returns whether it is there. */
export function readIntoView(view: OpenView, asked: string): boolean {
  let path = normalizePath(asked);
  for (let hop = 0; hop < MAX_LINK_HOPS; hop++) {
    const own = ownStat(view, path);
    if (own !== undefined && !own.isDirectory()) return true;
    const { at, entry } = firstStop(view.snapshot, path);
    view.asked.add(entry?.kind === "dir" ? path : at);
    if (entry === undefined) return false;
    show(view, at, entry);
    const next = leadsOn(at, entry, path);
    if (next === undefined) return true;
    path = next;
  }
  return true;
}

// What is there already. Of a mount only what the attempt itself has made can be seen from here.
function ownStat({ path: root, mounted }: OpenView, path: string): BigIntStats | undefined {
  const stat = statOf(join(mounted?.upper ?? root, path));
  return stat?.isCharacterDevice() === true ? undefined : stat;
}

function show(view: OpenView, path: string, entry: Entry): void {
  if (path === "" || view.mounted !== null || view.staging.staged.has(path)) return;
  const folder = pathParts(path).slice(0, -1).join("/");
  ensureFolder(view.snapshot, folder, view.staging);
  if (statOf(join(view.path, path)) !== undefined) return;
  mkdirSync(join(view.path, folder), { recursive: true });
  putEntry(path, entry, view.staging);
}

// In a room a frozen folder is no link, and a program may look at thousands of files in it.
function withoutFrozen(observations: readonly Observation[], tree: Tree): readonly Observation[] {
  const outer = new Map<string, Observation>();
  for (const observation of observations) {
    const { at, entry } = firstStop(tree, observation.path);
    const seen: Observation = entry?.kind === "frozen" ? { path: at, kind: "exists" } : observation;
    outer.set(`${seen.kind} ${seen.path}`, seen);
  }
  return [...outer.values()];
}

/** What the attempt read: what it was observed to look at, where all of that is known, else all that it was shown. */
export function readsOf(
  view: OpenView,
  { observed, succeeded }: { readonly observed: Observed | null; readonly succeeded: boolean },
  changes: readonly TaskChange[],
): Reads {
  if (observed !== null && observed.incomplete === null) {
    const observations = withAppended(withoutFrozen(observed.observations, view.snapshot), changes);
    const { snapshot } = view;
    return observedReads(succeeded ? withoutTrace(observations, { changes, snapshot }) : observations);
  }
  const parts = { globs: view.shown, reads: view.reads, asked: [...view.asked] };
  const added = changes.flatMap(({ op, path }) => (op === "append" ? [path] : []));
  return shownReads({ ...parts, appended: notRead(parts, added) });
}

/** Where the attempt looked beside what it declares. */
export function undeclaredReadsOf(view: OpenView, observed: Observed | null): readonly string[] {
  if (observed === null || view.shown === "everything") return [];
  return undeclaredReads(observed.observations, view.snapshot, visible(view.shown));
}
