import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import { describe, expect, it } from "vitest";
import { type Shell, shell } from "./fixtures/shell.ts";

const PLAN = "tasks: [{ id: a, run: echo one > a.txt, reads: [], writes: [a.txt] }]\n";
const FAILING = "tasks: [{ id: a, run: exit 3, reads: [], writes: [] }]\n";
const DAY = 86_400_000;

const runsIn = (here: Shell): readonly string[] => readdirSync(join(here.path, ".sheaf/runs")).sort();

/** Moves a run's story into the past. */
function age(here: Shell, run: string, days: number): void {
  const path = join(here.path, ".sheaf/runs", run, "journal.ndjson");
  const text = readFileSync(path, "utf8").replace(
    /"at":(\d+)/g,
    (_, at) => `"at":${Number(at) - days * DAY}`,
  );
  writeFileSync(path, text);
}

async function three(): Promise<Shell> {
  const here = shell({ "plan.yaml": PLAN, "failing.yaml": FAILING });
  for (const id of ["first", "second"]) await here.sheaf(`run plan.yaml --quiet --run-id ${id}`);
  await here.sheaf("run failing.yaml --quiet --run-id failed");
  age(here, "first", 10);
  age(here, "failed", 5);
  return here;
}

describe("sheaf du", () => {
  it("shows each run by part, the oldest first, and the total", async () => {
    const here = await three();
    const { exitCode, out } = await here.sheaf("du");
    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /^first +succeeded +10 days .* KiB .*\nfailed +failed +5 days .*\nsecond +succeeded .*\n\n/,
    );
    expect(out).toMatch(/KiB in 3 runs below .*\.sheaf\nKept beside them: .*durations\.json \S+ KiB.*\n$/);
    const data = JSON.parse((await here.sheaf("du --json")).out);
    const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
    expect(data.bytes).toBe(sum(data.runs.map((run: { bytes: number }) => run.bytes)));
    for (const run of data.runs) expect(sum(Object.values(run.parts))).toBe(run.bytes);
    expect(Object.keys(data.runs[0].parts)).toContain("journal.ndjson");
    expect(data.beside["durations.json"]).toBeGreaterThan(0);
    expect(data.beside).not.toHaveProperty("runs");
  });

  it("says so where there is nothing", async () => {
    const here = shell();
    expect((await here.sheaf("du")).out).toMatch(/^0 B in 0 runs below /);
    expect(existsSync(join(here.path, ".sheaf"))).toBe(false);
  });
});

describe("sheaf gc", () => {
  it("removes what has succeeded, leaves what failed, and says what was freed", async () => {
    const here = await three();
    const { bytes } = JSON.parse((await here.sheaf("du --json")).out);
    const { exitCode, out } = await here.sheaf("gc");
    expect(exitCode).toBe(0);
    expect(out).toMatch(
      /Freed [\d.]+ KiB: the state of 2 runs\.\n\nKept:\n {2}1 run: it can be gone on with/,
    );
    expect(runsIn(here)).toEqual(["failed"]);
    const after = JSON.parse((await here.sheaf("du --json")).out);
    const again = JSON.parse((await here.sheaf("gc --all --json")).out);
    expect(again.freedBytes).toBe(after.bytes);
    expect(bytes).toBeGreaterThan(after.bytes);
    expect(runsIn(here)).toEqual([]);
    expect(existsSync(join(here.path, ".sheaf/trash"))).toBe(false);
    expect(readFileSync(join(here.path, "a.txt"), "utf8")).toBe("one\n");
  });

  it("goes by the flags", async () => {
    const here = await three();
    await here.sheaf("gc --older-than 7d");
    expect(runsIn(here)).toEqual(["failed", "second"]);
    await here.sheaf("gc --keep 1 --all");
    expect(runsIn(here)).toEqual(["second"]);
    await here.sheaf("gc --max-size 1G");
    expect(runsIn(here)).toEqual(["second"]);
    await here.sheaf("gc --max-size 0");
    expect(runsIn(here)).toEqual([]);
  });

  it("changes nothing in a dry run", async () => {
    const here = await three();
    expect((await here.sheaf("gc --dry-run --all")).out).toMatch(/Would free .*: the state of 3 runs\./);
    expect(runsIn(here)).toEqual(["failed", "first", "second"]);
  });

  it("removes what an earlier removal left in the trash", async () => {
    const here = await three();
    mkdirSync(join(here.path, ".sheaf/trash/0-x"), { recursive: true });
    await here.sheaf("gc --keep 9");
    expect(existsSync(join(here.path, ".sheaf/trash"))).toBe(false);
    expect(runsIn(here)).toHaveLength(3);
  });

  it("goes by journals: a folder or a link that only has a run's place is left", async () => {
    const here = await three();
    mkdirSync(join(here.path, ".sheaf/runs/20200101-000000-abcdef/tasks"), { recursive: true });
    mkdirSync(join(here.path, "mine"));
    symlinkSync(join(here.path, "mine"), join(here.path, ".sheaf/runs/link"));
    const { out } = await here.sheaf("gc --all");
    expect(runsIn(here)).toEqual(["20200101-000000-abcdef", "link"]);
    expect(out).toContain("1 run: it has no journal that can be read");
  });

  it("removes nothing while a run holds the directory", async () => {
    const here = await three();
    let under = "";
    const run = executeWithParallelism(
      { dir: here.path, tasks: [{ id: "x" }] },
      async () => {
        const { exitCode, err } = await here.sheaf("gc --all");
        under = `${exitCode} ${err}`;
      },
      { runId: "going", env: {} },
    );
    await run;
    expect(under).toMatch(/^2 error: .* is in use by another run \(run going, /);
    expect(runsIn(here)).toEqual(["failed", "first", "going", "second"]);
  });

  it("refuses flags that say nothing", async () => {
    const here = shell();
    const { exitCode, err } = await here.sheaf("gc --older-than soon");
    expect([exitCode, err]).toEqual([
      2,
      'error: Expected `--older-than` to be an age such as 12h, 7d or 4w, got "soon".\n',
    ]);
  });

  it("teaches by examples", async () => {
    const here = shell();
    expect((await here.sheaf("gc --help")).out).toContain("$ sheaf gc --max-size 2G");
    expect((await here.sheaf("du --help")).out).toContain("$ sheaf du");
  });
});
