import picomatch from "picomatch";
import { normalizePath, pathParts } from "./relative-path.ts";
import type { DirEntry, Entry } from "./tree.ts";

/**
 * How much of a path a task is shown.
 * `all`: the entry and everything below it. `presence`: that there is such a folder or link, not what is in it.
 */
export type Shown = "all" | "presence" | "nothing";

/** A set of paths below the shared directory, given by globs. A glob covers what it matches and all below that. */
export interface Visible {
  /** The globs in their one form, for records; `["**"]` with `git` for everything. */
  readonly patterns: readonly string[];
  shown(path: string): Shown;
  /** Returns the names in this folder at or below which something may be shown, so that a walk passes by the others. */
  within(folder: string): Within;
}

/** Names in a folder, or any. */
export type Within = ReadonlySet<string> | "any";

/** Returns what is in a folder at these names. Takes no longer for a large folder where the names are few. */
export function* childrenWithin(
  children: DirEntry["children"],
  within: Within,
): Generator<readonly [name: string, entry: Entry]> {
  if (within === "any" || within.size >= children.size) {
    for (const child of children) if (within === "any" || within.has(child[0])) yield child;
    return;
  }
  for (const name of within) {
    const entry = children.get(name);
    if (entry !== undefined) yield [name, entry];
  }
}

const GIT = ".git";

/** Everything there is, `.git` included. */
export const EVERYTHING: Visible = {
  patterns: ["**"],
  shown: () => "all",
  within: () => "any",
};

interface Pattern {
  readonly source: string;
  /** Folders before the first wildcard. */
  readonly fixed: readonly string[];
  /** True when there is no wildcard at all. */
  readonly literal: boolean;
  /** Most parts a match can have, or Infinity with "**". */
  readonly depth: number;
  readonly namesGit: boolean;
  matches(path: string): boolean;
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, "$1");

function compile(source: string): Pattern {
  const normal = normalizePath(source);
  const pattern = normal === "" ? "**" : normal;
  const { isGlob, base } = picomatch.scan(pattern);
  if (!isGlob) return literal(unescaped(pattern));
  const fixed = base === "" ? [] : unescaped(base).split("/");
  return {
    source: pattern,
    fixed,
    literal: false,
    // Braces and extended globs may hold slashes; then the number of parts tells nothing.
    depth: /\*\*|[{(]/.test(pattern) ? Number.POSITIVE_INFINITY : pattern.split("/").length,
    namesGit: pattern.split("/").includes(GIT),
    matches: picomatch(pattern, { dot: true, nonegate: true, strictSlashes: true }),
  };
}

function literal(path: string): Pattern {
  const parts = pathParts(path);
  return {
    source: path,
    fixed: parts,
    literal: true,
    depth: parts.length,
    namesGit: parts.includes(GIT),
    matches: (other) => other === path,
  };
}

const startsWith = (parts: readonly string[], start: readonly string[]): boolean =>
  start.length <= parts.length && start.every((part, i) => parts[i] === part);

function patternShows(pattern: Pattern, path: string, parts: readonly string[]): Shown {
  if (!pattern.namesGit && parts.includes(GIT)) return "nothing";
  if (pattern.literal) {
    if (startsWith(parts, pattern.fixed)) return "all";
  } else if (startsWith(parts, pattern.fixed)) {
    const most = Math.min(parts.length, pattern.depth);
    let end = 0;
    for (let i = 0; i < most; i++) {
      end += parts[i]!.length + (i === 0 ? 0 : 1);
      if (i >= pattern.fixed.length && pattern.matches(path.slice(0, end))) return "all";
    }
  }
  return startsWith(pattern.fixed, parts) ? "presence" : "nothing";
}

/**
 * Returns what these globs show. `**` never means `.git`; a glob must name it. A backslash takes the meaning from
 * the character after it.
 *
 * @throws SheafError OPTION_INVALID for an absolute glob or one that leaves the directory.
 */
export function visible(globs: readonly string[]): Visible {
  return visibleOf([...new Set(globs)].map(compile));
}

/** Returns what these paths show, taken as they are. */
export function visiblePaths(paths: Iterable<string>): Visible {
  return visibleOf(Array.from(paths, literal));
}

function visibleOf(patterns: readonly Pattern[]): Visible {
  return {
    patterns: patterns.map((pattern) => pattern.source),
    shown(path) {
      const parts = pathParts(path);
      let most: Shown = "nothing";
      for (const pattern of patterns) {
        const shown = patternShows(pattern, path, parts);
        if (shown === "all") return "all";
        if (shown === "presence") most = "presence";
      }
      return most;
    },
    within(folder) {
      const parts = pathParts(folder);
      const names = new Set<string>();
      for (const pattern of patterns) {
        if (!pattern.namesGit && parts.includes(GIT)) continue;
        if (pattern.fixed.length > parts.length) {
          if (startsWith(pattern.fixed, parts)) names.add(pattern.fixed[parts.length]!);
        } else if (startsWith(parts, pattern.fixed)) {
          const leads = pattern.literal || parts.length < pattern.depth;
          if (leads || patternShows(pattern, folder, parts) === "all") return "any";
        }
      }
      return names;
    },
  };
}

/** Returns what either of two sets shows. */
export function eitherOf(a: Visible, b: Visible): Visible {
  return {
    patterns: [...a.patterns, ...b.patterns],
    shown(path) {
      const first = a.shown(path);
      if (first === "all") return "all";
      const second = b.shown(path);
      return second === "nothing" ? first : second;
    },
    within(folder) {
      const first = a.within(folder);
      if (first === "any") return "any";
      const second = b.within(folder);
      return second === "any" ? "any" : new Set([...first, ...second]);
    },
  };
}
