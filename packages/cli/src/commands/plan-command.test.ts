import { type FakeModelServer, startFakeModelServer } from "@sheaf/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { shell } from "./fixtures/shell.ts";

const PLAN = `
tasks:
  - { id: a, run: "true", description: first }
  - { id: b, run: "true", description: second }
  - { id: c, run: "true", description: third }
`;
const RECORDS = JSON.stringify({
  tasks: [
    { task: 2, needs: [{ evidence: "first", on: 1, type: "data", p: 0.9 }] },
    { task: 3, needs: [] },
  ],
});

let server: FakeModelServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A plan whose model is asked in any case. */
async function asked() {
  server = await startFakeModelServer(() => ({ kind: "answer", content: RECORDS }));
  const env = { SHEAF_MODEL_BASE_URL: server.baseUrl, SHEAF_MODEL: "m", SHEAF_USE_LLM_DEPS: "always" };
  const here = shell({ "plan.yaml": PLAN });
  return (args = "") => here.sheaf(`plan plan.yaml --workers 3 ${args}`, env);
}

describe("sheaf plan, where a model is asked", () => {
  it("tells first what is at stake, and later how many tasks needed no asking", async () => {
    const plan = await asked();
    const first = await plan();
    expect(first.err).toBe(
      "Asking m about 2 tasks: at most 1.0 times as fast, 3 side by side, if none needs another; 1.0 times without an answer\n",
    );
    expect(first.out).not.toContain("needed no asking");
    expect(first.out).toMatch(/^[^\n]*\n[^\n]+\n\nLevels\n/);
    const again = await plan();
    expect(again.err).toBe("");
    expect(again.out).toContain("\n2 tasks needed no asking: what a model said about them was kept.\n");
    expect(server!.requests).toHaveLength(1);
  });

  it("tells both to programs, too", async () => {
    const plan = await asked();
    const stakes = { model: "m", tasks: 2, width: 3, speedupBound: 1, withoutBound: 1 };
    const { out, err } = await plan("--json");
    expect(JSON.parse(out)).toMatchObject({ asking: { ...stakes, criticalPath: ["a"] }, cached: 0 });
    expect(JSON.parse(out).asking).not.toHaveProperty("type");
    expect(err).toMatch(/^Asking m about 2 tasks: /);
    expect(JSON.parse((await plan("--json")).out)).toMatchObject({ asking: null, cached: 2 });
  });

  it("tells before the answer has come", async () => {
    const here = shell({ "plan.yaml": PLAN });
    const told: string[] = [];
    server = await startFakeModelServer((call) => {
      told.push(`request ${call}`);
      return { kind: "answer", content: RECORDS };
    });
    const env = { SHEAF_MODEL_BASE_URL: server.baseUrl, SHEAF_USE_LLM_DEPS: "always" };
    await here.sheaf("plan plan.yaml", env, (text) => told.push(text.split(":")[0]!));
    expect(told).toEqual(["Asking gpt-4o-mini about 2 tasks", "request 1"]);
  });
});
