import { patternsOverlap } from "./globs-overlap.ts";
import type { PathPattern } from "./path-pattern.ts";

/** That one task reads or writes what a glob names. */
export interface Access {
  /** Place of the task in serial order. */
  readonly task: number;
  readonly pattern: PathPattern;
  /** The task only adds to these files. */
  readonly appends: boolean;
  /** True once a later write names all that this one names: whoever meets this one meets that write too. */
  covered: boolean;
}

export type AccessKind = "reads" | "writes";

/** Accesses in serial order, the covered ones swept out now and then. */
interface AccessList {
  items: Access[];
  sweepAt: number;
}

/** Accesses by the folder that their names before the first wildcard lead to. */
export interface AccessFolder {
  readonly folders: Map<string, AccessFolder>;
  /** Those that lead here. */
  readonly here: Readonly<Record<AccessKind, AccessList>>;
  /** Those that lead further down. */
  readonly below: Readonly<Record<AccessKind, AccessList>>;
}

const SWEEP_FROM = 64;

const list = (): AccessList => ({ items: [], sweepAt: SWEEP_FROM });

/** Makes the index of a list of tasks; accesses are added to it in serial order. */
export function accessIndex(): AccessFolder {
  return {
    folders: new Map(),
    here: { reads: list(), writes: list() },
    below: { reads: list(), writes: list() },
  };
}

/** Adds an access, which must not be of an earlier task than the last one added. O(names in the glob). */
export function addAccess(root: AccessFolder, kind: AccessKind, access: Access): void {
  const { segments, fixed } = access.pattern;
  let folder = root;
  for (const name of segments.slice(0, fixed)) {
    push(folder.below[kind], access);
    let next = folder.folders.get(name);
    if (next === undefined) {
      next = accessIndex();
      folder.folders.set(name, next);
    }
    folder = next;
  }
  push(folder.here[kind], access);
}

/**
 * Calls `visit` with the accesses whose globs overlap `pattern`, the latest of each folder first.
 * Where `visit` returns false, the rest of that folder is left out.
 */
export function visitOverlaps(
  root: AccessFolder,
  { kind, pattern }: { readonly kind: AccessKind; readonly pattern: PathPattern },
  visit: (access: Access) => boolean,
): void {
  const scan = ({ items }: AccessList): void => {
    for (let i = items.length - 1; i >= 0; i--) {
      const access = items[i]!;
      if (!access.covered && patternsOverlap(access.pattern, pattern) && !visit(access)) return;
    }
  };
  let folder: AccessFolder | undefined = root;
  for (const name of pattern.segments.slice(0, pattern.fixed)) {
    scan(folder.here[kind]);
    folder = folder.folders.get(name);
    if (folder === undefined) return;
  }
  scan(folder.here[kind]);
  scan(folder.below[kind]);
}

/** Tells whether `wide` surely names all that `narrow` names. */
export function coversAll(wide: PathPattern, narrow: PathPattern): boolean {
  return wide.segments.every((segment, i) => segment === narrow.segments[i]);
}

function push(accesses: AccessList, access: Access): void {
  if (accesses.items.length >= accesses.sweepAt) {
    accesses.items = accesses.items.filter((one) => !one.covered);
    accesses.sweepAt = Math.max(SWEEP_FROM, 2 * accesses.items.length);
  }
  accesses.items.push(access);
}
