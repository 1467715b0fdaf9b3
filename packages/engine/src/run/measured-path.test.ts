import { buildGraph, type EventBody, type RunEvent, runId, type TaskId, taskId } from "@sheaf/core";
import { arbitraryDag, cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { measuredPath, type TimedTask } from "./measured-path.ts";
import { NOTHING_MEASURED } from "./nothing-measured.ts";

/** Null times: nothing was started in this session. */
const timed = (startedMs: number | null, latencyMs: number): TimedTask => ({
  startedMs,
  endedMs: startedMs === null ? null : startedMs + latencyMs,
  reused: startedMs === null,
  resources: { ...NOTHING_MEASURED, latencyMs },
});

const conflict = (to: TaskId, from: TaskId | null): RunEvent => {
  const body: EventBody = {
    type: "task.conflicted",
    taskId: to,
    attempt: 1,
    conflicts: [{ what: "x", with: from }],
  };
  return { seq: 0, at: 0, runId: runId("r"), ...body };
};

const times = fc.record({ start: fc.option(fc.nat(20), { freq: 6 }), took: fc.nat(10) });

test("it is the longest of all chains of which each task began after the one before had ended", () => {
  const drawn = arbitraryDag({ maxTasks: 8, listOrder: true }).chain((dag) =>
    fc.record({
      dag: fc.constant(dag),
      times: fc.array(times, { minLength: dag.ids.length, maxLength: dag.ids.length }),
      conflicts: fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 4 }),
    }),
  );
  let changed = 0;
  fc.assert(
    fc.property(drawn, ({ dag: { ids, edges }, times, conflicts }) => {
      const tasks = times.map(({ start, took }) => timed(start, took));
      const met = conflicts
        .filter(([a, b]) => a < b && b < ids.length)
        .map(([a, b]) => [ids[a]!, ids[b]!] as const);
      const events = [
        ...met.map(([from, to]) => conflict(to, from)),
        ...ids.slice(0, 1).map((id) => conflict(id, null)),
      ];
      const at = (id: TaskId) => tasks[ids.indexOf(id)]!;
      const took = (id: TaskId) => (at(id).reused ? 0 : at(id).resources!.latencyMs);
      const pairs = [...edges.map(({ from, to }) => [from, to] as const), ...met].filter(([from, to]) => {
        const [ended, began] = [at(from).endedMs, at(to).startedMs];
        return ended === null || began === null || began >= ended;
      });
      // Every chain, by going on from each task in all ways.
      const longestFrom = (id: TaskId): number =>
        took(id) + Math.max(0, ...pairs.filter(([from]) => from === id).map(([, to]) => longestFrom(to)));
      const graph = buildGraph(ids, edges);
      const { tasks: path, lengthMs } = measuredPath(graph, tasks, events);
      expect(lengthMs).toBe(Math.max(0, ...ids.map(longestFrom)));
      expect(path.reduce((sum, id) => sum + took(id), 0)).toBe(lengthMs);
      for (const [i, to] of path.slice(1).entries()) {
        expect(pairs.some(([a, b]) => a === path[i] && b === to)).toBe(true);
      }
      if (pairs.length !== edges.length + met.length) changed += 1;
    }),
    cases({ ci: 300, deep: 20_000 }),
  );
  expect(changed).toBeGreaterThan(10);
});

test("an edge that nobody waited for is none, and one that only a conflict has shown is", () => {
  const ids = ["a", "b", "c"].map(taskId);
  const [a, b, c] = ids as [TaskId, TaskId, TaskId];
  const edge = { kind: "file", source: "files", probability: 1, evidence: "" } as const;
  const graph = buildGraph(ids, [{ from: a, to: b, ...edge }]);
  const side = [timed(0, 10), timed(5, 10), timed(20, 10)];
  expect(measuredPath(graph, side, [])).toEqual({ tasks: [a], lengthMs: 10 });
  expect(measuredPath(graph, side, [conflict(c, b)])).toEqual({ tasks: [b, c], lengthMs: 20 });
});
