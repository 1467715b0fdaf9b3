// Tasks that add to logs, on every rung that this process sees, with the policy: what running in order leaves, and no
// task runs again for what others added.
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import { cases, readTree, tempDir, writeFiles } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";

const LOGS = ["log", "logs/a", "logs/b"];
const path = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...LOGS) }, fc.constantFrom("f", "g"));
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("add" as const), path }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("read" as const), path }) },
);
const program = fc.array(step, { minLength: 1, maxLength: 4 });

type Program = typeof program extends fc.Arbitrary<infer T> ? T : never;

const setting = fc.record({
  programs: fc.array(program, { minLength: 1, maxLength: 6 }),
  there: fc.subarray([...LOGS, "f", "g"]),
  staging: fc.constantFrom("copy" as const, "hardlink" as const),
  mode: fc.constantFrom("parallel" as const, "parallel" as const, "auto" as const),
  pauses: fc.array(fc.nat(5), { minLength: 32, maxLength: 32 }),
});

type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

async function perform(
  root: string,
  program: Program,
  pause = async (): Promise<void> => {},
): Promise<string> {
  let seen = "";
  for (const { op, path } of program) {
    await pause();
    const full = join(root, path);
    if (op === "add") appendFileSync(full, `${seen.length}\n`);
    else {
      try {
        seen += readFileSync(full, "utf8");
      } catch {
        seen += "none";
      }
    }
  }
  return seen;
}

const counted = { adders: 0, conflicts: 0 };

async function check({ programs, there, staging, mode, pauses }: Setting): Promise<void> {
  using place = tempDir();
  const [reference, shared] = [join(place.path, "reference"), join(place.path, "shared")];
  for (const root of [reference, shared]) {
    mkdirSync(root);
    writeFiles(root, {
      "logs/": "",
      ...Object.fromEntries(there.map((name) => [name, `start of ${name}\n`])),
    });
  }
  const expected: string[] = [];
  for (const each of programs) expected.push(await perform(reference, each));
  let step = 0;
  const pause = async (): Promise<void> => {
    for (let i = pauses[step++ % pauses.length]!; i > 0; i--)
      await new Promise((resolve) => setImmediate(resolve));
  };
  const named = (each: Program, op: string): string[] =>
    each.filter((one) => one.op === op).map((one) => one.path);
  const tasks = programs.map((each, i) => ({
    id: `t${i}`,
    reads: named(each, "read"),
    writes: named(each, "add"),
  }));
  const report = await executeWithParallelism(
    { dir: shared, tasks },
    (task, ctx) => perform(ctx.dir, programs[Number(task.id.slice(1))]!, pause),
    {
      mode,
      staging,
      maxWorkers: 4,
      policies: { "logs/**": "append", log: "append" },
      validate: true,
      env: {},
      retain: "none",
    },
  );
  expect(report.order.map((id) => report.tasks[id]!.output)).toEqual(expected);
  expect(readTree(shared).filter((line) => !line.startsWith(".sheaf"))).toEqual(readTree(reference));
  expect(report.guarantee.level).toBe("serial-equivalent");
  for (const [i, each] of programs.entries()) {
    const { conflicts } = report.tasks[`t${i}`]!;
    counted.conflicts += conflicts;
    if (each.some(({ op, path }) => op === "read" || !LOGS.includes(path))) continue;
    counted.adders += 1;
    expect(conflicts).toBe(0);
  }
}

test("logs are what running in order leaves, and who only adds to them never runs again", {
  timeout: 3_600_000,
}, async () => {
  await fc.assert(fc.asyncProperty(setting, check), {
    ...cases({ ci: 40, deep: 3_000 }),
    timeout: 60_000,
    endOnFailure: true,
  });
  // The cases must reach what they are there for.
  expect(counted.adders).toBeGreaterThan(20);
  expect(counted.conflicts).toBeGreaterThan(5);
});
