import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executeWithParallelism } from "@sheaf/engine";
import { describe, expect, it } from "vitest";
import { type Shell, shell } from "./fixtures/shell.ts";

const file = (here: Shell): string => join(here.path, ".sheaf/budgets.json");
const kept = (here: Shell): unknown => JSON.parse(readFileSync(file(here), "utf8")).budgets;
const lines = (text: string): readonly (readonly string[])[] =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(/ {2,}/));

describe("sheaf budget set", () => {
  it("keeps a budget, in the place of one about the same", async () => {
    const here = shell();
    expect((await here.sheaf("budget set 5usd --window month")).out).toBe("Set: $5.00 a month\n");
    await here.sheaf("budget set 200000tokens --window month");
    await here.sheaf("budget set 1.5usd --window 24h --route writing");
    const { exitCode, out } = await here.sheaf("budget set 7usd --window month");
    expect([exitCode, out]).toEqual([0, "Set: $7.00 a month; before: $5.00 a month\n"]);
    expect(kept(here)).toEqual([
      { limit: { tokens: 200_000 }, window: "month" },
      { limit: { usd: 1.5 }, window: "24h", route: "writing" },
      { limit: { usd: 7 }, window: "month" },
    ]);
    expect(readdirSync(join(here.path, ".sheaf"))).toEqual(["budgets.json"]);
  });

  it.each([
    [
      "5eur --window month",
      'Expected `limit` to be an amount such as 5usd or 200000tokens, more than 0, got "5eur"',
    ],
    ["0usd --window month", 'got "0usd"'],
    ["1.5tokens --window month", 'got "1.5tokens"'],
    ["5usd", "required option '--window <window>'"],
    ["5usd --window week", "Allowed choices are run, day, 24h, month"],
    ["5usd --window day --route a --tag b", "cannot be used with option '--tag <tag>'"],
  ])("%s is refused", async (args, message) => {
    const here = shell();
    const { exitCode, err } = await here.sheaf(`budget set ${args}`);
    expect(exitCode).toBe(2);
    expect(err).toContain(message);
    expect(readdirSync(here.path)).toEqual([]);
  });

  it("leaves a damaged file as it is, and says what is wrong with it", async () => {
    const here = shell({
      ".sheaf/budgets.json": '{"schema":1,"budgets":[{"limit":{"usd":5},"window":"week"}]}',
    });
    for (const command of ["set 5usd --window day", "remove --window day", "list"]) {
      const { exitCode, err } = await here.sheaf(`budget ${command}`);
      expect(exitCode).toBe(2);
      expect(err).toContain(`The budgets in ${file(here)} cannot be used: budgets[0]: expected \`window\``);
    }
    expect(readFileSync(file(here), "utf8")).toContain("week");
  });
});

describe("sheaf budget remove", () => {
  it("removes those of a window and a heading, and says where there are none", async () => {
    const here = shell();
    for (const args of ["5usd --window day", "9tokens --window day", "1usd --window day --tag gpu"]) {
      await here.sheaf(`budget set ${args}`);
    }
    expect((await here.sheaf("budget remove --window day")).out).toBe(
      "Removed: $5.00 a day\nRemoved: 9 tokens a day\n",
    );
    expect(kept(here)).toEqual([{ limit: { usd: 1 }, window: "day", tag: "gpu" }]);
    const { exitCode, err } = await here.sheaf("budget remove --window day --route gpu");
    expect(exitCode).toBe(2);
    expect(err).toContain(`set in ${here.path} ($1.00 a day for the tag gpu), got "day gpu"`);
  });
});

describe("sheaf budget list", () => {
  it("shows what the runs of the directory have spent of each within its window, and where that leads", async () => {
    const here = shell();
    expect((await here.sheaf("budget list")).out).toContain(`No budgets are set for ${here.path}. Set one:`);
    for (const args of ["2usd --window month", "800tokens --window 24h", "1usd --window run"]) {
      await here.sheaf(`budget set ${args}`);
    }
    await here.sheaf("budget set 1usd --window 24h --route b");
    await here.sheaf("budget set 1usd --window 24h --tag gpu");
    const tasks = [
      { id: "x", route: "b" },
      { id: "y", resources: { tags: ["gpu"] } },
    ];
    await executeWithParallelism({ dir: here.path, tasks }, ({ id }, ctx) => {
      ctx.recordUsage({ model: "m", costUsd: 0.25, inputTokens: 90, outputTokens: 10 });
      if (id === "y") ctx.recordUsage({ model: "m", inputTokens: 100 });
    });
    const { out } = await here.sheaf("budget list");
    const [head, month, tokens, run, route, tag] = lines(out);
    expect(head).toEqual(["budget", "spent", "of it", "projection", "not counted"]);
    expect(month!.slice(0, 3)).toEqual(["$2.00 a month", "$0.50", "25 %"]);
    expect(month![3]).toMatch(/^(-|\$.+ by \d{4}-\d\d-01)$/);
    expect(month![4]).toBe("1 unpriced call");
    expect(tokens).toEqual(["800 tokens in 24 hours", "300 tokens", "37 %", "-"]);
    expect(run).toEqual(["$1.00 a run", "-", "-", "-"]);
    expect(route).toEqual(["$1.00 in 24 hours for the route b", "$0.25", "25 %", "-"]);
    expect(tag).toEqual(["$1.00 in 24 hours for the tag gpu", "$0.25", "25 %", "-", "1 unpriced call"]);
    const { budgets } = JSON.parse((await here.sheaf("budget list --json")).out);
    expect(budgets[0]).toMatchObject({ spent: 0.5, limit: 2, unknownCalls: 1 });
    expect(budgets[2]).toMatchObject({ spent: null, projection: null });
    expect(budgets[0]).not.toHaveProperty("held");
  });

  it("shows those of SHEAF_BUDGET as well, and that they are not kept", async () => {
    const here = shell();
    await here.sheaf("budget set 2usd --window month");
    await executeWithParallelism({ dir: here.path, tasks: [{ id: "x" }] }, (_, ctx) =>
      ctx.recordUsage({ model: "m", costUsd: 0.25, inputTokens: 90, outputTokens: 10 }),
    );
    const set = { SHEAF_BUDGET: "1usd/month,9tokens" };
    const { out } = await here.sheaf("budget list", set);
    expect(lines(out).map((line) => line.slice(0, 3))).toEqual([
      ["budget", "spent", "of it"],
      ["$2.00 a month", "$0.25", "12 %"],
      ["$1.00 a month (SHEAF_BUDGET)", "$0.25", "25 %"],
      ["9 tokens a run (SHEAF_BUDGET)", "-", "-"],
    ]);
    const { budgets } = JSON.parse((await here.sheaf("budget list --json", set)).out);
    expect(budgets.map(({ from }: { from: string }) => from)).toEqual([
      "directory",
      "SHEAF_BUDGET",
      "SHEAF_BUDGET",
    ]);
    expect(kept(here)).toHaveLength(1);
    const { exitCode, err } = await here.sheaf("budget list", { SHEAF_BUDGET: "1eur" });
    expect([exitCode, err]).toEqual([2, expect.stringContaining("SHEAF_BUDGET")]);
  });

  it("counts what runs have spent that were removed", async () => {
    const here = shell();
    await here.sheaf("budget set 2usd --window month");
    await executeWithParallelism({ dir: here.path, tasks: [{ id: "x" }] }, (_, ctx) =>
      ctx.recordUsage({ model: "m", costUsd: 0.25, inputTokens: 90, outputTokens: 10 }),
    );
    expect((await here.sheaf("gc --all")).exitCode).toBe(0);
    expect(readdirSync(join(here.path, ".sheaf/runs"))).toEqual([]);
    const { out } = await here.sheaf("budget list");
    expect(lines(out)[1]!.slice(0, 2)).toEqual(["$2.00 a month", "$0.25"]);
    const again = await executeWithParallelism({ dir: here.path, tasks: [{ id: "x" }] }, () => 1, {
      budgets: [{ limit: { usd: 0.25 }, window: "month" }],
    });
    expect(again.status).toBe("budget-exhausted");
  });

  it("says of which runs within a window it knows nothing", async () => {
    const here = shell();
    await here.sheaf("budget set 2usd --window month");
    for (const id of ["torn", "long-ago"]) {
      mkdirSync(join(here.path, ".sheaf/runs", id), { recursive: true });
      writeFileSync(join(here.path, ".sheaf/runs", id, "journal.ndjson"), "nothing\n{}\n");
    }
    utimesSync(join(here.path, ".sheaf/runs/long-ago/journal.ndjson"), 1_000_000_000, 1_000_000_000);
    const { exitCode, out, err } = await here.sheaf("budget list");
    expect(exitCode).toBe(0);
    expect(out).toContain("$0.00");
    expect(err).toBe("What 1 run spent is not in it: no journal to read in torn\n");
  });
});

describe("a name with control characters", () => {
  it("does not reach the terminal as it is", async () => {
    const here = shell();
    const heading = "--window day --tag a\u001b[31mb";
    const said = [];
    for (const words of [`set 1usd ${heading}`, "list", "remove --window month", `remove ${heading}`]) {
      const { out, err } = await here.sheaf(`budget ${words}`);
      said.push(out, err);
    }
    expect(said.join("")).toContain("the tag a\uFFFD[31mb");
    expect(said.join("")).not.toContain("\u001b");
  });
});

describe("sheaf run, once a budget is spent", () => {
  const PLAN = {
    "paper/plan.yaml":
      "tasks: [{ id: a, agent: asker }, { id: b, agent: asker }]\nagents: { asker: ./asker.mjs }\n",
  };
  const ASKER = {
    "paper/asker.mjs":
      'export default (_, ctx) => ctx.recordUsage({ model: "m", costUsd: 1, inputTokens: 1, outputTokens: 1 });\n',
  };

  it("says how to go on from where it was started, and that the variable is not kept", async () => {
    const here = shell({ ...PLAN, ...ASKER });
    const limited = { SHEAF_BUDGET: "1usd", SHEAF_MAX_WORKERS: "1" };
    const stopped = await here.sheaf("run paper/plan.yaml --dir paper --run-id r", limited);
    expect(stopped.exitCode).toBe(3);
    expect(stopped.out).toMatch(/^Stopped to keep within a budget: 1 of 2 tasks succeeded, 1 skipped, in /);
    const [, resume] = /Once there is room: sheaf (resume .*)\n/.exec(stopped.err)!;
    expect(stopped.err).toMatch(/\nSHEAF_BUDGET is not kept with the run: .*\n$/);
    const still = await here.sheaf(resume!, limited);
    expect(still.exitCode).toBe(3);
    const done = await here.sheaf(resume!);
    expect(done.exitCode).toBe(0);
    expect(done.err).not.toContain("SHEAF_BUDGET");
  });
});
