import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { shell } from "./fixtures/shell.ts";

const PLAN = `
tasks:
  - { id: a, run: "true", reads: [] }
  - { id: b, run: "false", reads: [], dependsOn: [a] }
`;

async function ran() {
  const here = shell({ "plan.yaml": PLAN });
  await here.sheaf("run plan.yaml --run-id one --quiet", { SHEAF_USE_LLM_DEPS: "false" });
  return here;
}

describe("sheaf export", () => {
  it("prints a run in each form", async () => {
    const { sheaf } = await ran();
    const as = async (form: string) => {
      const { out, err, exitCode } = await sheaf(`export latest --as ${form}`);
      expect([err, exitCode]).toEqual(["", 0]);
      return out;
    };
    const { spans } = JSON.parse(await as("otlp")).resourceSpans[0].scopeSpans[0];
    const names = spans.map(({ name }: { name: string }) => name);
    expect(names).toEqual([
      expect.stringMatching(/^invoke_workflow /),
      "plan",
      ...Array(2).fill("invoke_agent command"),
    ]);
    const links = spans.flatMap((span: { links?: { spanId: string }[] }) => span.links ?? []);
    expect(links).toMatchObject([{ spanId: spans[2].spanId }]);
    expect(JSON.parse(await as("otlp-metrics"))).toHaveProperty("resourceMetrics");
    expect(await as("prometheus")).toContain('sheaf_run_status{run="one",status="partial"} 1\n');
    expect(await as("csv")).toMatch(/^run,seq,/);
    expect(JSON.parse(await as("ag2"))).toMatchObject([{ Agent: "Total", "Cost ($)": 0 }]);
  });

  it("says how many attempts nobody counted the calls of, in every form", async () => {
    const { sheaf } = shell({
      "plan.yaml":
        'tasks: [{ id: a, run: "true", reads: [], unmetered: true }, { id: b, run: "true", reads: [] }]',
    });
    await sheaf("run plan.yaml --run-id one --quiet", { SHEAF_USE_LLM_DEPS: "false" });
    const said = "Nobody counted the calls of 1 unmetered attempt: here are only those that it told of.\n";
    for (const form of ["otlp", "otlp-metrics", "prometheus", "csv", "ag2"]) {
      expect((await sheaf(`export one --as ${form}`)).err).toBe(said);
    }
    expect((await sheaf("export one one --as csv --out all.csv")).err).toBe(
      "Nobody counted the calls of 2 unmetered attempts: here are only those that they told of.\n",
    );
  });

  it("says how many calls a killed run has left open", async () => {
    const call = { taskId: "a", attempt: 1, call: 1, provider: "p", api: null, model: "m", httpRetry: null };
    const events = [
      { type: "run.started", tasks: 1, mode: "auto", schedule: "ready", dir: null, limits: {}, version: "0" },
      { type: "attempt.started", taskId: "a", attempt: 1, agent: "w", route: "default", cause: "first" },
      { ...call, type: "llm.started", hold: { model: "m" } },
    ];
    const lines = events.map((event, seq) =>
      JSON.stringify({ seq, at: Date.now(), runId: "killed", ...event }),
    );
    const { sheaf } = shell({ ".sheaf/runs/killed/journal.ndjson": `${lines.join("\n")}\n` });
    const { out, err } = await sheaf("export killed --as ag2");
    expect(err).toContain(
      "Not in it: 1 model call under way, or open when the engine was killed, of killed.",
    );
    expect(JSON.parse(out)).toMatchObject([{ Agent: "Total", "Cost ($)": null }]);
  });

  it("writes to a file, of several runs", async () => {
    const { sheaf, path } = await ran();
    await sheaf("run plan.yaml --run-id two --quiet");
    const { out, exitCode } = await sheaf("export one two --as prometheus --out all.prom");
    expect([out, exitCode]).toEqual(["", 0]);
    const text = readFileSync(join(path, "all.prom"), "utf8");
    expect(text.match(/^sheaf_run_status.*/gm)).toHaveLength(2);
    expect((await sheaf("export one --as csv --out no/such/file")).err).toMatch(
      /`--out` to be a file .*ENOENT/,
    );
  });

  it("sends spans and metrics where it is told, and fails alone when they are not taken", async () => {
    const { sheaf } = await ran();
    const paths: (string | undefined)[] = [];
    let status = 200;
    const server = createServer((request, response) => {
      paths.push(request.url);
      request.resume().on("end", () => response.writeHead(status).end());
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sent = await sheaf(`export latest --as otlp --endpoint ${url}`);
    expect(sent).toEqual({ out: "", err: `Sent 1 run to ${url}\n`, exitCode: 0 });
    await sheaf("export latest --as otlp-metrics --endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect(paths).toEqual(["/v1/traces", "/v1/metrics", "/v1/metrics"]);
    status = 500;
    const refused = await sheaf(`export latest --as otlp --endpoint ${url}`);
    expect(refused).toMatchObject({ out: "", exitCode: 1 });
    expect(refused.err).toContain(`error: ${url}/v1/traces answered 500. Nothing else is affected`);
  });

  it("refuses what it cannot do", async () => {
    const { sheaf } = await ran();
    const refused = async (args: string) => {
      const { err, exitCode } = await sheaf(`export ${args}`);
      expect(exitCode).toBe(2);
      return err;
    };
    expect(await refused("latest")).toContain("required option '--as <form>' not specified");
    expect(await refused("latest --as xml")).toContain(
      "Allowed choices are otlp, otlp-metrics, prometheus, csv, ag2",
    );
    expect(await refused("none --as csv")).toContain("none");
    expect(await refused("latest --as csv --endpoint http://a")).toContain(
      "`--endpoint` to be absent unless",
    );
    expect(await refused("latest --as otlp --endpoint")).toContain("OTEL_EXPORTER_OTLP_ENDPOINT");
  });
});
