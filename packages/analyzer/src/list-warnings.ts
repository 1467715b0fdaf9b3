// What declared files say against the list as it stands. Nothing follows from it but a sentence for its author.
import { nameSome, type Task } from "@sheaf/core";
import { type AccessFolder, accessIndex, addAccess, visitOverlaps } from "./access-index.ts";
import { type PathPattern, pathPattern } from "./path-pattern.ts";

export interface ListWarningsRequest {
  /** In serial order. */
  readonly tasks: readonly Task[];
  /** Tells whether there is something at a path below the shared directory; absent where there is no directory. */
  readonly exists?: (path: string) => boolean;
  readonly isAppended?: (glob: string) => boolean;
}

/** Enough to know what is wrong with a list; each costs a line on somebody's screen. */
const MOST_WARNINGS = 20;

/**
 * Returns a warning for each file that a task reads, that is not there, and that only later tasks write, and for each
 * that several tasks write although the list declares them to be independent of each other.
 */
export function listWarnings({
  tasks,
  exists,
  isAppended = () => false,
}: ListWarningsRequest): readonly string[] {
  const writes = accessIndex();
  const patterns = new Map<string, PathPattern>();
  tasks.forEach((task, place) => {
    for (const glob of new Set(task.writes)) {
      const pattern = patterns.get(glob) ?? pathPattern(glob);
      patterns.set(glob, pattern);
      addAccess(writes, "writes", { task: place, pattern, appends: isAppended(glob), covered: false });
    }
  });
  const found = [
    ...(exists === undefined ? [] : lateProducers(tasks, writes, exists)),
    ...sharedFiles(tasks, writes, patterns.values()),
  ];
  if (found.length <= MOST_WARNINGS) return found;
  return [
    ...found.slice(0, MOST_WARNINGS),
    `${found.length - MOST_WARNINGS} more such warnings are left out.`,
  ];
}

/** Places of the tasks that write what a glob names, ascending. */
function writersOf(writes: AccessFolder, pattern: PathPattern): readonly number[] {
  const places = new Set<number>();
  visitOverlaps(writes, { kind: "writes", pattern }, ({ task, appends }) => {
    if (!appends) places.add(task);
    return true;
  });
  return [...places].sort((a, b) => a - b);
}

const NOBODY = -1;

function lateProducers(
  tasks: readonly Task[],
  writes: AccessFolder,
  exists: (path: string) => boolean,
): readonly string[] {
  const warnings: string[] = [];
  const firsts = new Map<string, number>();
  const firstWriter = (glob: string, pattern: PathPattern): number => {
    const known = firsts.get(glob) ?? writersOf(writes, pattern)[0] ?? NOBODY;
    firsts.set(glob, known);
    return known;
  };
  tasks.forEach(({ id, reads = [] }, place) => {
    for (const glob of new Set(reads)) {
      const pattern = pathPattern(glob);
      // A glob may well match nothing.
      if (pattern.segments.length === 0 || pattern.fixed < pattern.segments.length) continue;
      const first = firstWriter(glob, pattern);
      if (first <= place || exists(pattern.segments.join("/"))) continue;
      const writer = tasks[first]!.id;
      warnings.push(
        `Task ${id} reads ${glob}, which is not there, and ${writer}, which writes it, comes after it in the list. Move ${writer} before ${id}, let ${id} declare dependsOn: [${writer}], or set the option order to "free".`,
      );
    }
  });
  return warnings;
}

function sharedFiles(
  tasks: readonly Task[],
  writes: AccessFolder,
  patterns: Iterable<PathPattern>,
): readonly string[] {
  const says = tasks.some(({ dependsOn = [] }) => dependsOn.length > 0);
  const isDeclared = (place: number): boolean => says || tasks[place]!.dependsOn !== undefined;
  const isBefore = declaredPaths(tasks);
  const warnings = new Map<string, string>();
  for (const pattern of patterns) {
    const writers = writersOf(writes, pattern).filter(isDeclared);
    const free = new Set<number>();
    for (const [i, later] of writers.entries()) {
      const earlier = writers[i - 1];
      if (earlier === undefined || isBefore(earlier, later)) continue;
      free.add(earlier).add(later);
    }
    if (free.size === 0) continue;
    const named = nameSome(Array.from(free, (place) => tasks[place]!.id));
    if (warnings.has(named)) continue;
    warnings.set(
      named,
      `The tasks ${named} are declared to be independent, but all of them write ${pattern.text}, so they run one after another. Let them write different files, or declare their order by dependsOn.`,
    );
  }
  return [...warnings.values()];
}

/** Returns a function that tells whether a task comes before a later one by what is declared. */
function declaredPaths(tasks: readonly Task[]): (earlier: number, later: number) => boolean {
  const places = new Map<string, number>(tasks.map(({ id }, place) => [id, place]));
  return (earlier, later) => {
    const seen = new Set([later]);
    for (const place of seen) {
      if (place === earlier) return true;
      for (const id of tasks[place]!.dependsOn ?? []) {
        const before = places.get(id)!;
        if (before >= earlier) seen.add(before); // what comes before it cannot lead to it
      }
    }
    return false;
  };
}
