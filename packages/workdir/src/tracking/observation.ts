// What an observation of a path tells, as a value: two trees in which all observed values are equal are the same to
// whoever made the observations. The one definition serves validation, resuming and memoization.
import { createHash } from "node:crypto";
import type { Observation, ObservationKind } from "@sheaf/core";
import { contentHash } from "../content-hash.ts";
import { joinPath, pathParts } from "../relative-path.ts";
import type { DirEntry, Entry, FileEntry, FrozenEntry, LinkEntry, Tree } from "../tree.ts";

/** Mode of a file that somebody makes without asking for one. */
export const USUAL_MODE: number = 0o666 & ~process.umask();

/**
 * Returns what the observation tells of a tree, in a form that can be compared and kept. Links are not followed: who
 * looks through a link makes observations of the link and of where it leads.
 */
export async function observedValue(tree: Tree, { path, kind }: Observation): Promise<string> {
  let entry: Entry | undefined = tree;
  for (const part of pathParts(path)) {
    // Where a folder is missing there is nothing either; whoever puts something there has looked for the folder.
    if (entry === undefined) break;
    if (entry.kind === "frozen") return frozenValue(entry);
    if (entry.kind !== "dir") return wayTo(entry);
    // Whoever may not pass a folder sees nothing below it.
    if ((entry.mode & 0o111) === 0) return `closed ${entry.mode}`;
    entry = entry.children.get(part);
  }
  return entry?.kind === "frozen" ? frozenValue(entry) : LOOKS[kind](entry);
}

/** Whatever was looked at in there: all of it. */
const frozenValue = async ({ target, state }: FrozenEntry): Promise<string> =>
  `frozen ${target} ${await state()}`;

/** What the way to a path ends at before the path does. */
function wayTo(entry: FileEntry | LinkEntry): string {
  switch (entry.kind) {
    case "file":
      return "below a file";
    case "link":
      return `through ${entry.target}`;
    default:
      return entry satisfies never;
  }
}

type Look = (entry: Entry | undefined) => string | Promise<string>;

const LOOKS: { readonly [K in ObservationKind]: Look } = {
  // The content of a folder, and its listing, tell its mode: who sets that to what it was, or removes the folder and
  // makes it anew, brings no change that would do so elsewhere.
  content: entryValue,
  stat: (entry) => statOf(entry),
  exists: (entry) => kindOf(entry),
  listing: (entry) => (entry?.kind === "dir" ? listingOf(entry) : kindOf(entry)),
  tree: (entry) => (entry?.kind === "dir" ? treeHash(entry) : entryValue(entry)),
  written: placeOf,
  appended: placeOf,
  made: (entry) => (entry === undefined || entry.kind === "dir" ? "dir" : `${entry.kind} ${targetOf(entry)}`),
};

function placeOf(entry: Entry | undefined): string {
  if (entry === undefined) return `file ${USUAL_MODE}`;
  return entry.kind === "file" ? `file ${entry.mode}` : `${entry.kind} ${targetOf(entry)}`;
}

/** Folders that are made in a folder with the setgid bit have it, too. */
const SETGID = 0o2000;

function kindOf(entry: Entry | undefined): string {
  if (entry?.kind === "dir" && (entry.mode & SETGID) !== 0) return "dir setgid";
  return entry === undefined ? "nothing" : `${entry.kind} ${targetOf(entry)}`;
}

function targetOf(entry: Entry): string {
  return entry.kind === "link" || entry.kind === "frozen" ? entry.target : "";
}

function statOf(entry: Entry | undefined): string {
  if (entry?.kind === "file") return `file ${entry.mode} ${entry.content.size}`;
  return entry?.kind === "dir" ? `dir ${entry.mode}` : kindOf(entry);
}

/** What can be known of one entry, or of nothing, without what is below it. */
export async function entryValue(entry: Entry | undefined): Promise<string> {
  if (entry?.kind === "frozen") return frozenValue(entry);
  if (entry?.kind !== "file") return statOf(entry);
  return `file ${entry.mode} ${await contentHash(entry.content)}`;
}

function listingOf(dir: DirEntry): string {
  const names = [...dir.children].map(([name, child]) => `${name}\0${child.kind}`).sort();
  return `dir ${dir.mode} ${createHash("sha256").update(names.join("\0\0")).digest("hex")}`;
}

async function treeHash(root: DirEntry): Promise<string> {
  const hash = createHash("sha256");
  const visit = async (path: string, dir: DirEntry): Promise<void> => {
    hash.update(`${path}\0dir ${dir.mode}\0`);
    for (const name of [...dir.children.keys()].sort()) {
      const child = dir.children.get(name)!;
      const at = joinPath(path, name);
      if (child.kind === "dir") await visit(at, child);
      else hash.update(`${at}\0${await entryValue(child)}\0`);
    }
  };
  await visit("", root);
  return hash.digest("hex");
}

/** Tells whether two trees share everything that an observation of this path can tell, without looking at bytes. */
export function sharesPath(a: Tree, b: Tree, path: string): boolean {
  let left: Entry | undefined = a;
  let right: Entry | undefined = b;
  for (const part of pathParts(path)) {
    if (left === right) return true;
    if (left?.kind !== "dir" || right?.kind !== "dir" || left.mode !== right.mode) return false;
    left = left.children.get(part);
    right = right.children.get(part);
  }
  return left === right;
}
