// What a person says beside, or against, what the sources find.
import type { Edge, Task } from "@sheaf/core";

/** `from` and `to` by their ids. */
export interface CorrectedPair {
  readonly from: string;
  readonly to: string;
}

/** About direct edges. Ids that are not in the list are passed over. */
export interface Corrections {
  /** `to` waits for `from`, whatever is found. */
  readonly needs: readonly CorrectedPair[];
  /** `to` does not wait for `from`, unless that is declared or `to` takes its output. `needs` wins over it. */
  readonly free: readonly CorrectedPair[];
  /** Tasks that leave their place in list order: all that they wait for is said, and no model is asked about them. */
  readonly released: readonly string[];
}

/** Pairs of tasks, by place, between which nothing that was found makes an edge. */
export interface FreedPairs {
  has(from: number, to: number): boolean;
  /** Tells whether the task at this place is in any such pair. */
  touches(place: number): boolean;
}

export const NO_FREED_PAIRS: FreedPairs = { has: () => false, touches: () => false };

/** Corrections as they hold for one list. */
export interface PlacedCorrections {
  readonly edges: readonly Edge[];
  readonly freed: FreedPairs;
  /** Pairs that need not keep list order either: a released task comes after nothing that its needs do not name. */
  readonly unordered: FreedPairs;
  /** By place. */
  readonly released: ReadonlySet<number>;
  /** Corrections that cannot hold, each with what would mend it. */
  readonly warnings: readonly string[];
}

/**
 * Applies corrections to a list.
 *
 * @param tasks in serial order
 */
export function placeCorrections(
  tasks: readonly Task[],
  corrections: Corrections = { needs: [], free: [], released: [] },
): PlacedCorrections {
  const places = new Map<string, number>(tasks.map(({ id }, place) => [id, place]));
  const edges: Edge[] = [];
  const warnings: string[] = [];
  const needed = new Set<string>();
  for (const { from, to } of corrections.needs) {
    const [earlier, later] = [places.get(from), places.get(to)];
    if (earlier === undefined || later === undefined) continue;
    if (earlier < later) {
      needed.add(`${earlier} ${later}`);
      edges.push(correctedEdge(tasks[earlier]!, tasks[later]!));
    } else warnings.push(againstOrder(from, to));
  }
  const free = new Set<string>();
  const touched = new Set<number>();
  for (const { from, to } of corrections.free) {
    const [earlier, later] = [places.get(from), places.get(to)];
    if (earlier === undefined || later === undefined || needed.has(`${earlier} ${later}`)) continue;
    free.add(`${earlier} ${later}`);
    touched.add(earlier).add(later);
  }
  const released = new Set(corrections.released.flatMap((id) => places.get(id) ?? []));
  const freed: FreedPairs = {
    has: (from, to) => free.has(`${from} ${to}`),
    touches: (place) => touched.has(place),
  };
  return {
    edges,
    freed,
    unordered: {
      has: (from, to) => released.has(to) || freed.has(from, to),
      touches: (place) => released.has(place) || freed.touches(place),
    },
    released,
    warnings,
  };
}

/** Returns the needs of tasks of the list, whichever comes first there. */
export function neededEdges(tasks: readonly Task[], corrections?: Corrections): readonly Edge[] {
  const byId = new Map<string, Task>(tasks.map((task) => [task.id, task]));
  return (corrections?.needs ?? []).flatMap(({ from, to }) => {
    const ends = [byId.get(from), byId.get(to)];
    return ends[0] === undefined || ends[1] === undefined || from === to
      ? []
      : correctedEdge(ends[0], ends[1]);
  });
}

const correctedEdge = ({ id: from }: Task, { id: to }: Task): Edge => ({
  ...{ from, to, kind: "order", source: "corrected", probability: 1, evidence: "corrected by you" },
});

const againstOrder = (from: string, to: string): string =>
  `Your correction that ${to} needs ${from} is not used: ${from} does not come before ${to} in the list. Move it there, or take the correction back by sheaf plan --edit.`;
