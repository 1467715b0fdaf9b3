import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import { cases, readTree, tempDir, writeFiles } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { declared, type Program, programs, runInOrder, runProgram, startFiles } from "./programs.ts";

const setting = fc.record({
  mode: fc.constantFrom("auto" as const, "parallel" as const, "parallel" as const, "sequential" as const),
  schedule: fc.constantFrom("ready" as const, "ready" as const, "levels" as const),
  maxWorkers: fc.integer({ min: 1, max: 5 }),
  staging: fc.constantFrom("copy" as const, "hardlink" as const),
  /** Forward edges that may be true, wrong, or missing. */
  edges: fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 6 }),
  pauses: fc.array(fc.nat(6), { minLength: 64, maxLength: 64 }),
});

type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

function edgesTo(list: readonly Program[], { edges }: Setting, index: number): readonly string[] {
  const from = edges.flatMap(([a, b]) => (Math.max(a, b) === index && a !== b ? [Math.min(a, b)] : []));
  return [...new Set(from)].filter((i) => i < list.length).map((i) => list[i]!.id);
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

const counted = { cases: 0, tasks: 0, conflicts: 0, failures: 0, skipped: 0 };

async function check(
  files: Readonly<Record<string, string>>,
  list: readonly Program[],
  how: Setting,
): Promise<void> {
  using place = tempDir();
  const reference = join(place.path, "reference");
  const shared = join(place.path, "shared");
  for (const root of [reference, shared]) {
    mkdirSync(root);
    writeFiles(root, files);
  }
  const needs = new Map(list.map((program, i) => [program.id, edgesTo(list, how, i)]));
  // A task is skipped when one that it declares to depend on did not succeed; the reference leaves it out.
  const expected = new Map<string, string | null | "skipped">();
  for (const program of list) {
    const blocked = needs
      .get(program.id)!
      .some((id) => typeof expected.get(id) !== "string" || expected.get(id) === "skipped");
    if (blocked) expected.set(program.id, "skipped");
    else for (const [id, output] of await runInOrder(reference, [program])) expected.set(id, output);
  }

  const byId = new Map(list.map((program) => [program.id, program]));
  let step = 0;
  const pause = (): Promise<void> => turns(how.pauses[step++ % how.pauses.length]!);
  const { mode, schedule, maxWorkers, staging } = how;
  const report = await executeWithParallelism(
    {
      dir: shared,
      tasks: list.map((program) => ({
        id: program.id,
        ...declared(program),
        dependsOn: needs.get(program.id)!,
      })),
    },
    (task, ctx) => runProgram(ctx.dir, byId.get(task.id)!, pause),
    { mode, schedule, maxWorkers, staging, validate: true, env: {}, retain: "none" },
  );

  const got = new Map(
    list.map(({ id }) => {
      const { outcome, output } = report.tasks[id]!;
      return [id, outcome === "skipped" ? "skipped" : outcome === "failed" ? null : output];
    }),
  );
  expect(got).toEqual(expected);
  expect(readTree(shared)).toEqual(readTree(reference));
  expect(report.guarantee.level).toBe("serial-equivalent");
  for (const task of Object.values(report.tasks)) expect(task.attempts).toBeLessThanOrEqual(2);
  counted.cases += 1;
  counted.tasks += list.length;
  counted.conflicts += Object.values(report.tasks).reduce((sum, task) => sum + task.conflicts, 0);
  counted.failures += [...got.values()].filter((output) => output === null).length;
  counted.skipped += [...got.values()].filter((output) => output === "skipped").length;
}

test("whatever the edges, the workers and the order of ends: files, outputs and failures are those of running in order", {
  timeout: 3_600_000,
}, async () => {
  await fc.assert(fc.asyncProperty(startFiles, programs, setting, check), {
    ...cases({ ci: 100, deep: 5_000 }),
    timeout: 60_000,
    endOnFailure: true,
  });
  // The cases must reach what they are there for.
  expect(counted.conflicts).toBeGreaterThan(counted.cases / 20);
  expect(counted.failures).toBeGreaterThan(0);
  // Few cases skip a task.
  if (counted.cases >= 1_000) expect(counted.skipped).toBeGreaterThan(0);
});
