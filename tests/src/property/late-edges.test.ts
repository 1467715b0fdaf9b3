// Whatever an analysis that goes on while tasks run says, and when: files and outputs are those of running in order.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Edge } from "@sheaf/core";
import { taskId } from "@sheaf/core";
import { executeBy, noAnalysis } from "@sheaf/engine/internal";
import { cases, readTree, tempDir, writeFiles } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { declared, type Program, programs, runInOrder, runProgram, startFiles } from "./programs.ts";

type Analyze = Parameters<typeof executeBy>[0];

const MOST_TASKS = 8;
/** Turns of the event loop after which the model says nothing more. */
const LAST_MOMENT = 60;
const pairs = fc.array(fc.tuple(fc.nat(MOST_TASKS - 1), fc.nat(MOST_TASKS - 1)), { maxLength: 8 });
const moments = fc.array(fc.nat(LAST_MOMENT), { minLength: MOST_TASKS, maxLength: MOST_TASKS });

/** What a model says, true or not, and when. */
const talk = fc.record({
  asked: fc.subarray([...Array(MOST_TASKS).keys()]),
  known: pairs,
  records: pairs,
  /** When each task is spoken about; some are spoken about twice, some after the end. */
  spoken: moments,
  again: moments,
  final: pairs,
  /** When it ends; null: never. */
  ends: fc.option(fc.nat(LAST_MOMENT), { freq: 4 }),
});

type Talk = typeof talk extends fc.Arbitrary<infer T> ? T : never;

const setting = fc.record({
  mode: fc.constantFrom("auto" as const, "auto" as const, "parallel" as const),
  maxWorkers: fc.integer({ min: 1, max: 4 }),
  pauses: fc.array(fc.nat(6), { minLength: 64, maxLength: 64 }),
});

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Edges between tasks of the list; those into a place where one is named. */
function edgesOf(list: readonly Program[], which: Talk["known"], into?: number): readonly Edge[] {
  return which.flatMap(([a, b]) => {
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    if (from === to || to >= list.length || (into !== undefined && to !== into)) return [];
    const ends = { from: taskId(list[from]!.id), to: taskId(list[to]!.id) };
    return [{ ...ends, kind: "data", source: "llm", probability: 0.5, evidence: "" } as const];
  });
}

function speaker(list: readonly Program[], said: Talk): Analyze {
  return async ({ tasks, signal, onAsking, onSettled }) => {
    const asked = new Set(said.asked.filter((place) => place > 0 && place < list.length));
    onAsking?.({ edges: edgesOf(list, said.known), asked });
    for (let moment = 0; said.ends === null || moment < said.ends; moment++) {
      for (const place of asked) {
        if (said.spoken[place] === moment) onSettled?.(place, edgesOf(list, said.records, place));
        if (said.again[place] === moment) onSettled?.(place, edgesOf(list, said.final, place));
      }
      await turns(1);
      signal?.throwIfAborted();
    }
    return { ...noAnalysis(tasks), edges: edgesOf(list, said.final) };
  };
}

const counted = { cases: 0, conflicts: 0, early: 0, unheard: 0 };

async function check(
  files: Readonly<Record<string, string>>,
  list: readonly Program[],
  said: Talk,
  { mode, maxWorkers, pauses }: typeof setting extends fc.Arbitrary<infer T> ? T : never,
): Promise<void> {
  using place = tempDir();
  const reference = join(place.path, "reference");
  const shared = join(place.path, "shared");
  for (const root of [reference, shared]) {
    mkdirSync(root);
    writeFiles(root, files);
  }
  const expected = await runInOrder(reference, list);
  const byId = new Map(list.map((program) => [program.id, program]));
  let step = 0;
  const run = executeBy(speaker(list, said), {
    run: { dir: shared, tasks: list.map((program) => ({ id: program.id, ...declared(program) })) },
    agent: (task, ctx) =>
      runProgram(ctx.dir, byId.get(task.id)!, () => turns(pauses[step++ % pauses.length]!)),
    options: {
      ...{ mode, maxWorkers, staging: "copy", validate: true, retain: "none" },
      env: { SHEAF_MODEL_BASE_URL: "http://127.0.0.1:9/v1" },
    },
  });
  const report = await run;
  const got = list.map(({ id }) => [
    id,
    report.tasks[id]!.outcome === "failed" ? null : report.tasks[id]!.output,
  ]);
  expect(new Map(got as [string, string | null][])).toEqual(expected);
  expect(readTree(shared)).toEqual(readTree(reference));
  expect(report.guarantee.level).toBe("serial-equivalent");
  expect((await run.plan).order).toEqual(list.map(({ id }) => id));
  const types: string[] = [];
  for await (const event of run) types.push(event.type === "run.fallback" ? event.part : event.type);
  counted.cases += 1;
  counted.conflicts += Object.values(report.tasks).reduce((sum, task) => sum + task.conflicts, 0);
  counted.early += Number(types.indexOf("attempt.started") < types.indexOf("run.planned"));
  counted.unheard += Number(types.includes("analysis"));
}

test("whatever a model says while tasks run, and when: files, outputs and failures are those of running in order", {
  timeout: 3_600_000,
}, async () => {
  await fc.assert(fc.asyncProperty(startFiles, programs, talk, setting, check), {
    ...cases({ ci: 30, full: 60, deep: 3_000 }),
    timeout: 60_000,
    endOnFailure: true,
  });
  // The cases must reach what they are there for.
  expect(counted.early).toBeGreaterThan(counted.cases / 2);
  expect(counted.unheard).toBeGreaterThan(0);
  expect(counted.conflicts).toBeGreaterThan(0);
});
