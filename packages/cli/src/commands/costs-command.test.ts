import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RUN, ranOnce, started } from "./fixtures/billed-runs.ts";
import { shell } from "./fixtures/shell.ts";

/** The cheap agent succeeds in its third attempt, two others in their first; what a success of the last two costs nobody knows. */
const OTHERS = `
const tell = (ctx, costUsd) => ctx.recordUsage({ model: "m", inputTokens: 1, outputTokens: 1, costUsd });
const fails = (task) => { if (task.id === "fails") throw new Error("in vain"); };
export function cheap(task, ctx) { tell(ctx, 0.2); if (ctx.attempt < 3) throw new Error("again"); fails(task); }
export function sure(task, ctx) { tell(ctx, 0.5); fails(task); }
export function twin(task, ctx) { tell(ctx, 0.5); fails(task); }
export function blind(task, ctx) { ctx.recordUsage({ model: "m" }); fails(task); }
export function seen(task, ctx) { if (ctx.attempt === 1) { tell(ctx, 0.1); throw new Error("again"); } fails(task); }
`;
const RETRIES: Readonly<Record<string, number>> = { cheap: 2, seen: 1 };
const ASKED = (agent: string): string => `
options: { useLlmDeps: false, retryDelayMs: 0 }
tasks:
  - { id: asks, agent: ${agent}, reads: [], writes: [], retries: ${RETRIES[agent] ?? 0} }
  - { id: fails, agent: ${agent}, reads: [], writes: [], retries: ${RETRIES[agent] ?? 0} }
`;
describe("sheaf costs", () => {
  it("sums up what runs have cost, and says what is not known", async () => {
    const here = await ranOnce();
    await here.sheaf(`${RUN} second`);
    const { out, err, exitCode } = await here.sheaf("costs");
    expect([exitCode, err]).toEqual([0, ""]);
    expect(out).toBe(
      [
        "Cost by model:",
        "",
        "model            cost  calls  input  cached  output",
        "m,1             $1.50      6  7,200   6,000     300",
        "m2            unknown      2      0       0       0",
        "",
        "total  at least $1.50      8  7,200   6,000     300",
        "",
        "No price is known for 2 of 8 model calls.",
        "",
      ].join("\n"),
    );
    expect((await here.sheaf("costs --by class --csv")).out).toBe(
      [
        "class,usd,partial,calls,unpriced_calls,unmetered,estimated_calls,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens,reasoning_tokens",
        "useful,1,true,6,2,0,0,4800,4000,0,200,0",
        "failed-attempt,0.5,false,2,0,0,0,2400,2000,0,100,0",
        "",
      ].join("\n"),
    );
    expect((await here.sheaf("costs --csv")).out).toContain('"m,1",1.5,false');
    const { by, since, lines, total } = JSON.parse(
      (await here.sheaf("costs --by task --since 1h --json")).out,
    );
    expect([by, Date.parse(since) < Date.now() - 3_500_000]).toEqual(["task", true]);
    expect(lines.map((line: { name: string; usd: number }) => [line.name, line.usd])).toEqual([
      ["odd", 0.5],
      ["bad", 0.5],
      ["good", 0.5],
    ]);
    expect(total).toMatchObject({ usd: 1.5, calls: 8, unpricedCalls: 2 });
  });

  it("says what attempts came to by task and agent, and who succeeds for the least", async () => {
    const here = shell({ "agents.mjs": OTHERS, "plan.yaml": ASKED("cheap") });
    for (const agent of ["cheap", "sure", "twin", "blind", "seen"]) {
      writeFileSync(join(here.path, "plan.yaml"), ASKED(agent));
      await here.sheaf(`run plan.yaml --quiet --executor inline --agent ${agent}=agents.mjs#${agent}`);
    }
    const { out, exitCode } = await here.sheaf("costs --by task,agent");
    expect([exitCode, out]).toEqual([
      0,
      [
        "Outcomes and cost by task and agent:",
        "",
        "task   agent  attempts  successes            cost  mean success  for a success",
        "asks   blind         1          1         unknown       unknown        unknown",
        "asks   cheap         3          1           $0.60         $0.20          $0.60",
        "asks   seen          2          1           $0.10       unknown        unknown",
        "asks   sure          1          1           $0.50         $0.50          $0.50  cheapest",
        "asks   twin          1          1           $0.50         $0.50          $0.50  cheapest",
        "fails  blind         1          0         unknown             -              -",
        "fails  cheap         3          0           $0.60             -              -",
        "fails  seen          2          0           $0.10             -              -",
        "fails  sure          1          0           $0.50             -              -",
        "fails  twin          1          0           $0.50             -              -",
        "",
        "total               16          5  at least $3.40",
        "",
        "No price is known for 2 of 14 model calls.",
        "No agent has succeeded at a known cost: fails.",
        "",
      ].join("\n"),
    ]);
    const { lines, cheapest, total } = JSON.parse((await here.sheaf("costs --by task,agent --json")).out);
    expect(cheapest).toEqual([
      { task: "asks", agents: ["sure", "twin"], usdPerSuccess: 0.5 },
      { task: "fails", agents: [], usdPerSuccess: null },
    ]);
    expect([lines[1].meanSuccessUsd, lines[1].usdPerSuccess, total.usd]).toEqual([0.2, 0.6, 3.4]);
    expect((await here.sheaf("costs --by task,agent --csv")).out).toMatch(
      /^task,agent,attempts,successes,mean_success_usd,usd_per_success,cheapest,usd,.*\nasks,blind,1,1,,,false,,true,.*\nasks,cheap,3,1,0.2,0.6,false,0.6,false/,
    );
    expect((await here.sheaf("costs --by task,agent --since 2100-01-01")).out).toBe(
      "No attempts were recorded since 2100-01-01 00:00 UTC.\n",
    );
  });

  it("shows every route, with what it took and why tasks were tried again", async () => {
    const here = shell({
      "agents.mjs": `
        const tried = new Set();
        export function writer(task, ctx) {
          ctx.recordUsage({ model: "m1", inputTokens: 1200, cacheWriteTokens: 900, costUsd: 0.25 });
          if (tried.has(task.id)) return;
          tried.add(task.id);
          throw new Error("once more");
        }`,
      "plan.yaml": `
options: { routes: [draft, review], retryDelayMs: 0 }
tasks:
  - { id: a, agent: writer, route: draft, reads: [], writes: [], retries: 1 }
  - { id: b, agent: writer, route: other, reads: [], writes: [] }`,
    });
    const ran = await here.sheaf(`${RUN.replace("--quiet", "")} first`);
    expect(ran.err).toContain('The route "other" of task b is not among `routes` and counts as unknown.');
    const { out, err } = await here.sheaf("costs --by route", { SHEAF_ROUTES: "review,draft" });
    expect([out, err]).toEqual([
      [
        "Cost by route:",
        "",
        "route      cost  calls  input  cached  written  output  attempts  again  failed  models",
        "review        -      0      0       0        0       0         0      0       0",
        "draft     $0.50      2  2,400       0    1,800       0         2      1       1  m1",
        "analysis      -      0      0       0        0       0         0      0       0",
        "unknown   $0.25      1  1,200       0      900       0         1      0       1  m1",
        "",
        "total     $0.75      3  3,600       0    2,700       0         3      1       2",
        "",
      ].join("\n"),
      "",
    ]);
    const env = { SHEAF_ROUTES: "other" };
    expect((await here.sheaf("costs --by route --window month --csv", env)).out).toBe(
      [
        "route,usd,partial,calls,unpriced_calls,unmetered,estimated_calls,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens,reasoning_tokens,pico_usd,attempts,retry,restart,conflict,failures,models",
        "other,0,false,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,",
        "analysis,0,false,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,",
        "unknown,0.75,false,3,0,0,0,3600,0,2700,0,0,750000000000,3,1,0,0,2,m1",
        "",
      ].join("\n"),
    );
    const asked = JSON.parse((await here.sheaf("costs --by route --window 24h --json")).out);
    expect([asked.by, asked.telemetryFaults, Date.now() - Date.parse(asked.since) < 86_410_000]).toEqual([
      ...["route", 0, true],
    ]);
    expect(asked.lines.find(({ name }: { name: string }) => name === "draft")).toMatchObject({
      ...{ usd: 0.5, escalations: { retry: 1, restart: 0, conflict: 0 }, models: [{ name: "m1", calls: 2 }] },
    });
    expect((await here.sheaf("costs --window 24h --csv")).out).toContain("\nm1,0.75,false,3,");
  });

  it.each(["model", "route", "task,agent"])("by %s it says whose calls nobody counted", async (by) => {
    const here = shell({
      "plan.yaml": "tasks: [{ id: a, run: 'true', reads: [], writes: [], unmetered: true }]",
    });
    await here.sheaf("run plan.yaml --quiet");
    const { out } = await here.sheaf(`costs --by ${by}`);
    expect(out).toContain("\nNobody counted the calls of 1 unmetered attempt.");
    for (const asked of [`costs --by ${by}`, "runs"])
      expect((await here.sheaf(`${asked} --csv`)).out).toMatch(/,,true,0,0,1(,0){5}[,\n]/);
  });

  it("says which calls are in no bill, as nobody has told what became of them, and which are estimated", async () => {
    const here = shell();
    const call = { taskId: "a", attempt: 1, provider: "p", api: null, model: "m", httpRetry: null };
    const over = { ...call, type: "llm.finished", state: "aborted", source: "estimated" };
    const usage = { model: "m", inputTokens: 5, outputTokens: 5, costUsd: 0.5 };
    const events = [
      { type: "run.started", tasks: 1, dir: here.path },
      { type: "attempt.started", taskId: "a", attempt: 1, agent: "w", route: "default" },
      { ...call, type: "llm.started", call: 1, hold: { model: "m" } },
      { ...call, type: "llm.started", call: 2, hold: { model: "m" } },
      { ...over, call: 1, usage },
    ];
    const folder = join(here.path, ".sheaf/runs/killed");
    mkdirSync(folder, { recursive: true });
    const lines = events.map((event, seq) =>
      JSON.stringify({ seq, at: Date.now(), runId: "killed", ...event }),
    );
    writeFileSync(join(folder, "journal.ndjson"), `${lines.join("\n")}\n`);
    const note =
      "Not in it: 1 model call under way, or open when the engine was killed, of killed. `sheaf resume` books what was open.\n";
    const { out, err } = await here.sheaf("costs");
    expect(err).toBe(note);
    expect(out).toMatch(/^total +at least \$0\.50 +1 /m);
    expect(out).toContain("\n\nWhat 1 of 1 model call used is estimated.\n");
    for (const form of ["--by route", "--by task,agent", "--json", "--csv"]) {
      expect((await here.sheaf(`costs ${form}`)).err, form).toBe(note);
    }
    expect((await here.sheaf("runs")).out).toMatch(/^killed +unfinished .*at least \$0\.50/m);
  });

  it("says so where nothing was recorded, and leaves nothing behind", async () => {
    const here = shell();
    expect(await here.sheaf("costs --since 2026-11-01")).toEqual({
      exitCode: 0,
      out: "No model calls were recorded since 2026-11-01 00:00 UTC.\n",
      err: "",
    });
    expect((await here.sheaf("runs")).out).toBe("No runs are known here.\n");
    expect(readdirSync(here.path)).toEqual([]);
    expect(JSON.parse((await here.sheaf("costs --json")).out)).toMatchObject({
      lines: [],
      total: { calls: 0 },
    });
  });

  it.each([
    [
      "costs --by modle",
      /`--by` to be one of model, agent, task, route, class, day, task,agent, got "modle"/,
    ],
    ["costs --since yesterday", /`--since` to be an age such as 24h or 7d, or a date such as 2026-11-01/],
    ["costs --window day", /`--window` to be one of lifetime, 24h, month, got "day"/],
    ["costs --window 24h --since 7d", /cannot be used with option/],
    ["runs --since 2026-02-30", /got "2026-02-30"/],
    ["runs --last x", /`--last` to be a whole number/],
  ])("refuses `sheaf %s`", async (args, message) => {
    const { exitCode, err } = await shell().sheaf(args);
    expect([exitCode, err]).toEqual([2, expect.stringMatching(message)]);
  });

  it("refuses a server of another kind and does not repeat its password", async () => {
    const env = { SHEAF_DATABASE_URL: "mysql://me:secret@host/db" };
    const { exitCode, err } = await shell().sheaf("costs", env);
    expect([exitCode, err]).toEqual([2, expect.stringContaining("mysql://me:***@host/db")]);
  });

  it("tells when the server does not answer, also after a run, which it does not harm", async () => {
    const here = started();
    const env = { SHEAF_DATABASE_URL: "postgres://me:secret@127.0.0.1:1/db" };
    const { exitCode, err } = await here.sheaf(`${RUN} first`, env);
    expect([exitCode, err]).toEqual([
      1,
      expect.stringMatching(/postgres:\/\/127.0.0.1:1\/db cannot be used: .*ECONNREFUSED/),
    ]);
    expect((await here.sheaf("costs", env)).exitCode).toBe(2);
    expect((await here.sheaf("costs")).out).toContain("$0.75");
  });

  it("makes a damaged index anew, and says so", async () => {
    const here = await ranOnce();
    const before = (await here.sheaf("costs")).out;
    const index = join(here.path, ".sheaf/sheaf.db");
    writeFileSync(index, "no database at all ".repeat(500));
    const { out, err } = await here.sheaf("costs");
    expect([out, err]).toEqual([before, expect.stringContaining("was damaged and has been made anew")]);
    expect(existsSync(`${index}.damaged`)).toBe(true);
    rmSync(index);
    expect((await here.sheaf("costs")).out).toBe(before);
  });
});
