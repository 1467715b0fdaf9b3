import {
  buildGraph,
  criticalPath,
  dispatchPriorities,
  type Graph,
  levelsOf,
  listSchedule,
  makespanBound,
  type Schedule,
  upwardRank,
} from "@sheaf/core";
import { arbitraryDag, cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";

interface Drawn {
  readonly graph: Graph;
  readonly durationsMs: Float64Array;
  readonly priorities: Float64Array;
  readonly processors: number;
}

const drawn = (maxTasks: number): fc.Arbitrary<Drawn> =>
  arbitraryDag({ maxTasks, maxDegree: 2 }).chain(({ ids, edges }) => {
    const numbers = fc.array(fc.nat({ max: 6 }), { minLength: ids.length, maxLength: ids.length });
    return fc
      .tuple(numbers, numbers, fc.integer({ min: 1, max: 5 }))
      .map(([durations, priorities, processors]) => ({
        graph: buildGraph(ids, edges),
        durationsMs: Float64Array.from(durations),
        priorities: Float64Array.from(priorities),
        processors,
      }));
  });

/** When each task starts, found by looking at every whole millisecond in turn. */
function startsByTheClock(
  { graph, durationsMs, priorities, processors }: Drawn,
  schedule: Schedule,
): number[] {
  const starts = graph.ids.map(() => Number.NaN);
  const level = levelsOf(graph);
  const all = [...graph.ids.keys()];
  const ended = (i: number, now: number): boolean => starts[i]! + durationsMs[i]! <= now;
  const blocked = (i: number, now: number): boolean =>
    schedule === "levels"
      ? all.some((j) => level[j]! < level[i]! && !ended(j, now))
      : graph.edges.some((edge) => edge.to === graph.ids[i] && !ended(graph.indexOf(edge.from)!, now));
  for (let now = 0; starts.some(Number.isNaN); now++) {
    for (;;) {
      const busy = all.filter((i) => starts[i]! <= now && !ended(i, now)).length;
      const startable = all
        .filter((i) => Number.isNaN(starts[i]) && !blocked(i, now))
        .sort((a, b) => priorities[b]! - priorities[a]! || a - b);
      const next =
        startable.find((i) => durationsMs[i] === 0) ?? (busy < processors ? startable[0] : undefined);
      if (next === undefined) break;
      starts[next] = now;
    }
  }
  return starts;
}

test.each(["ready", "levels"] as const)(
  "by %s, tasks start when a clock that looks every millisecond starts them",
  (schedule) => {
    fc.assert(
      fc.property(drawn(9), (plan) => {
        const { startMs, makespanMs } = listSchedule(plan.graph, plan.durationsMs, { ...plan, schedule });
        expect([...startMs]).toEqual(startsByTheClock(plan, schedule));
        expect(makespanMs).toBe(Math.max(0, ...startMs.map((start, i) => start + plan.durationsMs[i]!)));
      }),
      cases({ ci: 300, deep: 3_000 }),
    );
  },
);

test("no schedule is shorter than the bound, and none by list is longer than Graham's", () => {
  fc.assert(
    fc.property(drawn(25), (plan) => {
      const { graph, durationsMs, processors } = plan;
      const longest = criticalPath(graph, durationsMs).lengthMs;
      const work = durationsMs.reduce((sum, ms) => sum + ms, 0);
      const bound = makespanBound(graph, durationsMs, processors);
      expect(bound).toBe(Math.max(longest, work / processors));
      const { makespanMs } = listSchedule(graph, durationsMs, { ...plan, schedule: "ready" });
      expect(makespanMs).toBeGreaterThanOrEqual(bound);
      expect(makespanMs).toBeLessThanOrEqual(work / processors + longest * (1 - 1 / processors) + 1e-9);
    }),
  );
});

test("dispatch priorities give no longer a schedule than the upward rank does", () => {
  fc.assert(
    fc.property(drawn(25), ({ graph, durationsMs, processors }) => {
      const makespan = (priorities: Float64Array): number =>
        listSchedule(graph, durationsMs, { processors, schedule: "ready", priorities }).makespanMs;
      const dispatch = dispatchPriorities(graph, durationsMs, processors);
      expect(makespan(dispatch)).toBeLessThanOrEqual(makespan(upwardRank(graph, durationsMs)));
    }),
  );
});
