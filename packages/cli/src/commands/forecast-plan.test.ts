import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SheafError } from "@sheaf/core";
import type { RunForecast } from "@sheaf/ledger";
import { describe, expect, it } from "vitest";
import { costSentence } from "../show/forecast-text.ts";
import { shell } from "./fixtures/shell.ts";

const PLAN = `
options: { useLlmDeps: false }
tasks:
  - { id: one, run: "true", reads: [] }
  - { id: two, run: "true", reads: [], dependsOn: [one] }
  - { id: look, run: "true", reads: [], estimateMs: 9000 }
`;

const TOOK = {
  latencyMs: 1000,
  queueMs: 0,
  cpuMs: null,
  peakMemoryMiB: null,
  vramPeakMiB: null,
  modelLoads: 0,
};

/** The journal of a run in which `one` and `two` took a second and a quarter of a dollar each. */
function journal(agent = "command"): string {
  const ofTask = (taskId: string, at: number) => [
    {
      at,
      type: "attempt.started",
      taskId,
      attempt: 1,
      cause: "first",
      executor: "process",
      agent,
      route: "r",
    },
    { at, type: "attempt.usage", taskId, attempt: 1, usage: { model: "m", inputTokens: 15, costUsd: 0.25 } },
    { at: at + 1000, type: "attempt.finished", taskId, attempt: 1, status: "succeeded", resources: TOOK },
    { at: at + 1000, type: "task.committed", taskId, attempt: 1, files: 0, bytes: 0, deleted: 0 },
  ];
  const events = [...ofTask("one", 1e12), ...ofTask("two", 1e12 + 1000)];
  return events.map((event, seq) => `${JSON.stringify({ seq, runId: "first", ...event })}\n`).join("");
}

const FIRST = ".sheaf/runs/first/journal.ndjson";
const after = (text: string) => shell({ "plan.yaml": PLAN, [FIRST]: text });
const flat = (text: string) => text.replaceAll(/\s+/g, " ");

describe("the forecast of a plan", () => {
  it("is by what the same tasks took before, else what they declare, else unknown", async () => {
    const { sheaf } = after(journal());
    const { forecast } = JSON.parse((await sheaf("plan plan.yaml --cost --json")).out);
    const same = {
      from: "task",
      samples: 1,
      tokens: { p50: 15, p90: 15 },
      costUsd: { p50: 0.25, p90: 0.25 },
    };
    expect(forecast.tasks).toMatchObject([
      { id: "one", ...same, msFrom: "samples" },
      { id: "two", ...same },
      { id: "look", from: "none", tokens: null, costUsd: null, ms: { p50: 9000 }, msFrom: "declared" },
    ]);
    expect(forecast.costUsd).toEqual({ p50: 0.5, p90: 0.5, unknown: ["look"] });
    expect(forecast.makespanMs).toMatchObject({ p90: 9000, unknown: [] });
    const { out } = await sheaf("plan plan.yaml --cost");
    expect(out).toMatch(/\nForecast\n/);
    expect(out).toMatch(/\n {2}two +\$0\.25 +\$0\.25 +15 +15 +1\.0s +1\.0s +1 run\n/);
    expect(out).toMatch(/\n {2}look +unknown +unknown +9\.0s +9\.0s +time declared\n/);
    expect(flat(out)).toContain(
      "The run is expected to cost $0.50, and at most $0.50 in nine of ten cases, and without what is unknown of look.",
    );
    expect((await sheaf("plan plan.yaml")).out).not.toContain("Forecast");
  });

  it("calls the cost unknown only where no task's is known in part", () => {
    const said = (p90: bigint) =>
      costSentence({ tasks: [{}], pico: { p50: 0n, p90, unknown: ["one"] } } as unknown as RunForecast);
    expect(said(0n)).toMatch(/^What the run will cost is unknown/);
    expect(said(10n ** 12n)).toBe(
      "The run is expected to cost $0.00, and at most $1.00 in nine of ten cases, and without what is unknown of one.",
    );
  });

  it("that is over --max-usd keeps a run from starting", async () => {
    const { sheaf, path } = after(journal());
    const refused = await sheaf("run plan.yaml --run-id second --max-usd 0.4");
    expect(refused).toMatchObject({ exitCode: 2, out: "" });
    expect(refused.err).toContain(
      "error: The forecast of what the run costs (p90: $0.5, without what is unknown of look) is over the $0.4 that --max-usd allows, so nothing was started.",
    );
    expect(existsSync(join(path, ".sheaf/runs/second"))).toBe(false);
    const details = { p90Usd: 6.802842712475, maxUsd: 6.8, unknown: [] };
    expect(new SheafError("FORECAST_OVER", details).message).toContain("(p90: $6.81) is over the $6.8 that");
    expect(await sheaf("plan plan.yaml --max-usd $0.4")).toMatchObject({ exitCode: 2, err: refused.err });
    const allowed = await sheaf("run plan.yaml --run-id second --max-usd 0.5 --quiet");
    expect(allowed).toMatchObject({ exitCode: 0, err: expect.stringContaining("expected to cost $0.50") });
    expect((await sheaf("run plan.yaml --max-usd five")).err).toContain(
      'Expected `--max-usd` to be an amount in USD such as 5 or 0.25, got "five".',
    );
  });

  it("is unknown, and refuses nothing, where a task has another agent now, or journals are damaged", async () => {
    for (const [text, said] of [
      [journal("writer"), /^$/],
      [`{}\n${journal()}`, /journal\.ndjson is damaged in line 1/],
    ] as const) {
      const { out, err, exitCode } = await after(text).sheaf("plan plan.yaml --cost --max-usd 0");
      expect([err, exitCode]).toEqual([expect.stringMatching(said), 0]);
      expect(flat(out)).toContain("no earlier run of this directory tells what its tasks cost");
    }
  });

  it("is by the last journals where the history cannot be used, and says so", async () => {
    const { sheaf, path } = after(journal());
    const usual = (await sheaf("plan plan.yaml --cost")).out;
    rmSync(join(path, ".sheaf/sheaf.db"));
    mkdirSync(join(path, ".sheaf/sheaf.db"));
    expect(await sheaf("plan plan.yaml --cost")).toEqual({
      exitCode: 0,
      out: usual,
      err: expect.stringMatching(/sheaf\.db cannot be used: .* from the last 20 journals instead\.\n$/),
    });
    expect(await sheaf("run plan.yaml --run-id second --max-usd 0.4")).toMatchObject({
      exitCode: 2,
      out: "",
    });
  });

  it("remembers what removed runs took", async () => {
    const { sheaf, path } = after(journal());
    await sheaf("costs");
    rmSync(join(path, ".sheaf/runs"), { recursive: true });
    expect(flat((await sheaf("plan plan.yaml --cost")).out)).toContain("expected to cost $0.50");
  });

  it("is by other tasks of the agent where a task is new", async () => {
    const plan = "options: { useLlmDeps: false }\nsub_tasks: [{ sub_task: write, sub_task_agent: writer }]\n";
    const { sheaf } = shell({ "plan.yaml": plan, [FIRST]: journal("writer") });
    const { out } = await sheaf("plan plan.yaml --cost");
    expect(out).toMatch(/\n {2}step-1 +\$0\.25 +\$0\.25 .* its agent, 2 tasks\n/);
  });
});
