import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RUN, ranOnce } from "./fixtures/billed-runs.ts";

describe("sheaf runs", () => {
  it("lists runs, the latest first, with what they cost", async () => {
    const here = await ranOnce();
    await here.sheaf(`${RUN} second`);
    const { out } = await here.sheaf("runs");
    expect(out).toMatch(
      /^run +ended +begun +took +tasks +cost +calls\nsecond +partial +\d+ seconds? ago +\S+ +3 +at least \$0.75 +4\nfirst +partial .*\n$/,
    );
    expect((await here.sheaf("runs --last 1")).out).toMatch(
      /\n\n1 earlier run not shown; --last N shows more.\n$/,
    );
    expect((await here.sheaf("runs --csv")).out).toMatch(
      /\nsecond,partial,.*,3,0.1.0,0.75,true,4,1,0,0,3600,3000,0,150,0\n/,
    );
    const { runs } = JSON.parse((await here.sheaf("runs --since 1h --json")).out);
    expect(runs.map((run: { id: string }) => run.id)).toEqual(["second", "first"]);
  });

  it("keeps what removed runs had cost, also when another one takes the id", async () => {
    const here = await ranOnce();
    const { out } = await here.sheaf("gc --all");
    expect([out, readdirSync(join(here.path, ".sheaf/runs"))]).toEqual([
      expect.stringContaining("1 run"),
      [],
    ]);
    expect((await here.sheaf("runs")).out).toMatch(/\nfirst +partial, removed .* at least \$0.75 +4\n$/);
    await here.sheaf(`${RUN} first`);
    expect((await here.sheaf("costs")).out).toContain("at least $1.50");
    expect((await here.sheaf("runs")).out.match(/first +partial/g)).toHaveLength(2);
  });

  it("removes nothing where what runs have cost cannot be kept, unless that is said", async () => {
    const here = await ranOnce();
    mkdirSync(join(here.path, ".sheaf/sheaf.db"));
    const { exitCode, err } = await here.sheaf("gc --all");
    expect([exitCode, err]).toEqual([
      2,
      expect.stringMatching(/Nothing was removed.*--forget-costs\n.*sheaf\.db cannot be used/),
    ]);
    expect(readdirSync(join(here.path, ".sheaf/runs"))).toEqual(["first"]);
    expect((await here.sheaf("gc --all --forget-costs")).exitCode).toBe(0);
    expect(readdirSync(join(here.path, ".sheaf/runs"))).toEqual([]);
  });
});
