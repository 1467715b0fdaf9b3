import type { Edge, Task } from "@sheaf/core";
import {
  type AccessFolder,
  type AccessKind,
  accessIndex,
  addAccess,
  coversAll,
  visitOverlaps,
} from "./access-index.ts";
import { type FreedPairs, NO_FREED_PAIRS } from "./corrections.ts";
import { type PathPattern, pathPattern } from "./path-pattern.ts";

/** How two tasks meet at a file: which way, and by which globs. */
interface Meeting {
  readonly kind: "read" | "write-again" | "write-after-read";
  readonly earlier: PathPattern;
  readonly later: PathPattern;
}

interface Found {
  best: Meeting;
  /** How many meetings of the best kind there are. */
  count: number;
}

// Up to here all edges of a task are kept, for people; beyond, those that others imply are left out.
const SHOWN_AT_LEAST = 16;

/**
 * Returns the edges that declared reads and writes call for: what is read comes after what wrote it, what is written
 * comes after what wrote or read it before.
 *
 * Edges that others imply are left out where a later write names all that an earlier access names, so a path costs an
 * edge from its last writer to each reader, and from these to the next writer. A task of a freed pair implies nothing
 * for others.
 *
 * @param tasks in serial order
 * @param isAppended tells whether tasks that write what a glob names only add to it, in whatever order
 */
export function fileEdges(
  tasks: readonly Task[],
  isAppended: (glob: string) => boolean = () => false,
  freed: FreedPairs = NO_FREED_PAIRS,
): readonly Edge[] {
  const index = accessIndex();
  const patterns = new Map<string, PathPattern>();
  const parse = (glob: string): PathPattern => {
    let pattern = patterns.get(glob);
    if (pattern === undefined) {
      pattern = pathPattern(glob);
      patterns.set(glob, pattern);
    }
    return pattern;
  };
  // before[t]: all tasks before that place come before t by the edges found.
  const before: number[] = [];
  return tasks.flatMap((task, place) => {
    const reads = (task.reads ?? []).map(parse);
    const globs = task.writes ?? [];
    const appends = new Set(globs.filter(isAppended).map(parse));
    const writes = globs.map(parse);
    const found = meetings(index, { reads, writes, appends, freed }, before);
    for (const pattern of reads)
      addAccess(index, "reads", { ...{ task: place, pattern, appends: false }, covered: false });
    for (const pattern of writes) {
      addAccess(index, "writes", { task: place, pattern, appends: appends.has(pattern), covered: false });
    }
    return Array.from(found, ([earlier, { best, count }]): Edge => {
      const kind = best.kind === "read" ? "file" : "order";
      const evidence = describe(best) + (count > 1 ? ` and ${count - 1} more` : "");
      return { from: tasks[earlier]!.id, to: task.id, kind, source: "files", probability: 1, evidence };
    });
  });
}

type Accesses = Readonly<Record<AccessKind, readonly PathPattern[]>> & {
  /** Those of the writes that only add. */
  readonly appends: ReadonlySet<PathPattern>;
  readonly freed: FreedPairs;
};

/** Finds the earlier tasks that the next task meets, by place, and notes in `before` what lies before it. */
function meetings(
  index: AccessFolder,
  { reads, writes, appends, freed }: Accesses,
  before: number[],
): Map<number, Found> {
  const found = new Map<number, Found>();
  const place = before.length;
  const covers = !freed.touches(place);
  let complete = 0;
  const look = (kind: AccessKind, later: PathPattern, how: Meeting["kind"]): void =>
    visitOverlaps(index, { kind, pattern: later }, (access) => {
      const adds = how !== "read" && appends.has(later);
      if (adds && access.appends) return true;
      if (freed.has(access.task, place)) return true;
      if (found.size >= SHOWN_AT_LEAST && access.task < complete) return false;
      note(found, access.task, { kind: how, earlier: access.pattern, later });
      complete = Math.max(complete, before[access.task]!);
      // Who comes after what only adds need not come after what that comes after.
      if (covers && how !== "read" && !adds && coversAll(later, access.pattern)) access.covered = true;
      return true;
    });
  for (const pattern of reads) look("writes", pattern, "read");
  for (const pattern of writes) {
    look("writes", pattern, "write-again");
    look("reads", pattern, "write-after-read");
  }
  while (found.has(complete)) complete++;
  before.push(complete);
  return found;
}

const WEIGHT = { read: 2, "write-again": 1, "write-after-read": 0 } as const;

function note(found: Map<number, Found>, task: number, meeting: Meeting): void {
  const known = found.get(task);
  const gain = known === undefined ? 1 : WEIGHT[meeting.kind] - WEIGHT[known.best.kind];
  if (gain > 0) found.set(task, { best: meeting, count: 1 });
  else if (gain === 0) known!.count++;
}

function describe({ kind, earlier, later }: Meeting): string {
  switch (kind) {
    case "read":
      return `writes ${earlier.text}, read as ${later.text}`;
    case "write-again":
      return `writes ${earlier.text}, written again as ${later.text}`;
    case "write-after-read":
      return `reads ${earlier.text}, written later as ${later.text}`;
    default:
      return kind satisfies never;
  }
}
