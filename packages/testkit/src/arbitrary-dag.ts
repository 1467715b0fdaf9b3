import { EDGE_KINDS, EDGE_SOURCES, type Edge, type TaskId, taskId } from "@sheaf/core";
import fc from "fast-check";

/** A list of tasks and what joins them, as `buildGraph` takes them. */
export interface TaskGraph {
  readonly ids: readonly TaskId[];
  readonly edges: readonly Edge[];
}

export interface ArbitraryDagOptions {
  /** @default 12 */
  readonly maxTasks?: number;
  /** Edges drawn for each task, on average at most; the same two tasks may be drawn twice. @default 3 */
  readonly maxDegree?: number;
  /** Edges lead down the list, so that the list itself is a serial order. @default false */
  readonly listOrder?: boolean;
}

/** Ids that break code which looks them up in plain objects, or which sorts them as numbers. */
const AWKWARD_IDS = [
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "10",
  "9",
  "end",
  "graph",
  "é.b-c_d",
];

const arbitraryId: fc.Arbitrary<TaskId> = fc
  .oneof(
    { weight: 3, arbitrary: fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,7}$/) },
    { weight: 1, arbitrary: fc.constantFrom(...AWKWARD_IDS) },
  )
  .map(taskId);

const arbitraryLabel: fc.Arbitrary<Omit<Edge, "from" | "to">> = fc.record({
  kind: fc.constantFrom(...EDGE_KINDS),
  source: fc.constantFrom(...EDGE_SOURCES),
  probability: fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  evidence: fc.string({ unit: "binary", maxLength: 12 }),
});

/** Task lists with edges that form no cycle. Shrinks to fewer tasks and fewer edges. */
export function arbitraryDag(options: ArbitraryDagOptions = {}): fc.Arbitrary<TaskGraph> {
  return drawn(options, ({ place, a, b }) => (place[a]! < place[b]! ? [a, b] : [b, a]));
}

/** Task lists with edges in any direction, so that most of them hold a cycle. */
export function arbitraryGraph(options: ArbitraryDagOptions = {}): fc.Arbitrary<TaskGraph> {
  return drawn(options, ({ a, b }) => [a, b]);
}

/** Two tasks to be joined, and the place of every task in an order that is drawn beside the list. */
interface Pair {
  readonly place: readonly number[];
  readonly a: number;
  readonly b: number;
}

function drawn(
  { maxTasks = 12, maxDegree = 3, listOrder = false }: ArbitraryDagOptions,
  direct: (pair: Pair) => readonly [number, number],
): fc.Arbitrary<TaskGraph> {
  return fc.uniqueArray(arbitraryId, { maxLength: maxTasks }).chain((ids) => {
    const all = [...ids.keys()];
    const end = fc.nat({ max: Math.max(0, ids.length - 1) });
    const places = listOrder
      ? fc.constant(all)
      : fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
    const pairs = fc.array(fc.tuple(end, end, arbitraryLabel), { maxLength: maxDegree * ids.length });
    return fc.tuple(places, pairs).map(([place, drawnPairs]) => ({
      ids,
      edges: drawnPairs.flatMap(([a, b, label]) => {
        if (a === b) return [];
        const [from, to] = direct({ place, a, b });
        return [{ from: ids[from]!, to: ids[to]!, ...label }];
      }),
    }));
  });
}
