import { type Edge, type Task, type TaskSpec, taskId } from "@sheaf/core";
import { type FakeModelReply, type FakeModelServer, startFakeModelServer } from "@sheaf/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { type Analysis, analyze } from "./analyze.ts";
import type { AnalyzeRequest } from "./analyze-request.ts";
import type { SeenFiles } from "./learned.ts";

let server: FakeModelServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

type Spec = Partial<TaskSpec> & { id: string };

const listOf = (...tasks: Spec[]): Task[] => tasks.map((task) => ({ ...task, id: taskId(task.id) }) as Task);

const PLAIN = ["a", "b", "c", "d"].map((id) => ({ id, description: `do ${id}` }));

async function analyzed(tasks: readonly Spec[], more: Partial<AnalyzeRequest> = {}): Promise<Analysis> {
  return await analyze({
    tasks: listOf(...tasks),
    autoDetect: true,
    askModel: "when-needed",
    model: null,
    ...more,
  });
}

async function answered(
  tasks: readonly Spec[],
  reply: FakeModelReply | readonly unknown[],
  more: Partial<AnalyzeRequest> = {},
): Promise<Analysis> {
  const timeoutMs = "kind" in reply ? 300 : 20_000;
  server = await startFakeModelServer(() =>
    "kind" in reply ? reply : { kind: "answer", content: JSON.stringify({ tasks: reply }) },
  );
  const model = { apiKey: "k", baseUrl: server.baseUrl, model: "m", timeoutMs };
  return await analyzed(tasks, { model, ...more });
}

const record = (task: number, ...on: number[]): unknown => {
  return { task, needs: on.map((n) => ({ evidence: "do", on: n, type: "logic", p: 0.9 })) };
};

const pairs = (edges: readonly Edge[]): string[] =>
  edges.map((edge) => `${edge.from}-${edge.to} ${edge.source}`);

const reasons = ({ fallbacks }: Analysis): string[] => fallbacks.map(({ reason }) => reason);

describe("analyze", () => {
  it("keeps list order where nothing is declared and no model is configured, and says so", async () => {
    const analysis = await analyzed(PLAIN);
    expect(pairs(analysis.edges)).toEqual(["a-b assumed", "b-c assumed", "c-d assumed"]);
    expect(analysis.fallbacks).toEqual([
      { part: "analysis", reason: "No model is configured, so list order is kept for 4 tasks" },
    ]);
  });

  it("keeps list order without a word where the model is not to be asked", async () => {
    const analysis = await answered(PLAIN, [record(2)], { askModel: "never" });
    expect(analysis.edges).toHaveLength(3);
    expect(analysis.fallbacks).toEqual([]);
    expect(server!.requests).toHaveLength(0);
  });

  it("orders by dependsOn alone where a plan uses it", async () => {
    const tasks = [{ id: "a" }, { id: "b" }, { id: "c", dependsOn: ["a"] }];
    for (const autoDetect of [true, false]) {
      const analysis = await analyzed(tasks, { autoDetect });
      expect(pairs(analysis.edges)).toEqual(["a-c declared"]);
      expect(analysis.fallbacks).toEqual([]);
    }
  });

  it("looks at nothing but dependsOn when it is not to detect", async () => {
    const tasks = [
      { id: "a", reads: [], writes: ["x"] },
      { id: "b", reads: ["y"], writes: [], run: `\${c.output}` },
      { id: "c", dependsOn: [] },
    ];
    const analysis = await answered(tasks, [record(2)], { autoDetect: false, askModel: "always" });
    expect(pairs(analysis.edges)).toEqual(["a-b assumed", "b-c assumed"]);
    expect(analysis).toMatchObject({ fallbacks: [], warnings: [], usage: [] });
    expect(server!.requests).toHaveLength(0);
  });

  it("orders declared tasks by their files, and an undeclared one between all others", async () => {
    const tasks = [
      { id: "a", reads: [], writes: ["x"] },
      { id: "b", reads: ["x"], writes: ["y"] },
      { id: "c" },
      { id: "d", reads: [], writes: ["z"] },
    ];
    const { edges } = await analyzed(tasks);
    expect(pairs(edges)).toEqual(["a-b files", "a-c assumed", "b-c assumed", "c-d assumed"]);
  });

  it("hands on what is wrong with references", async () => {
    const { warnings } = await analyzed([{ id: "a", run: `\${b.output}` }, { id: "b" }]);
    expect(warnings).toHaveLength(1);
  });

  it("keeps one edge for two tasks, that of the strongest source", async () => {
    const tasks = [
      { id: "a", reads: [], writes: ["x"] },
      { id: "b", reads: ["x"], writes: [], description: "use the output of a" },
      { id: "c", dependsOn: ["a", "b"], reads: ["x"], description: `\${b.output}` },
    ];
    const { edges } = await answered(tasks, [record(2, 1), record(3, 1, 2)], { askModel: "always" });
    expect(pairs(edges)).toEqual(["a-c declared", "b-c declared", "a-b files"]);
  });
});

describe("analyze with a model", () => {
  it("orders undeclared tasks by the answer instead of by the list", async () => {
    const analysis = await answered(PLAIN, [record(2), record(3, 1), record(4, 2, 3)]);
    expect(pairs(analysis.edges)).toEqual(["a-c llm", "b-d llm", "c-d llm"]);
    expect(analysis.fallbacks).toEqual([]);
    expect(analysis.usage).toMatchObject([{ model: "fake-model-1", inputTokens: 100, outputTokens: 20 }]);
  });

  it("keeps list order around the tasks that the answer leaves out", async () => {
    const analysis = await answered(PLAIN, [record(2), record(4)]);
    expect(pairs(analysis.edges)).toEqual(["a-c assumed", "b-c assumed", "c-d assumed"]);
    expect(server!.requests).toHaveLength(2);
    expect(analysis.repaired).toEqual({ missing: 1, unasked: 2 });
    expect(reasons(analysis)).toEqual([
      "2 parts of the model's answer were left out: 2 about tasks that were not asked about",
      "The model says nothing about 1 task (c), so list order is kept there",
    ]);
  });

  it("says what it left out of an answer", async () => {
    const analysis = await answered(PLAIN, [record(2, 2, 4), record(3), record(4)]);
    expect(analysis.edges).toEqual([]);
    expect(reasons(analysis)).toEqual([
      "2 parts of the model's answer were left out: 1 about a task's need of itself, 1 about needs of later tasks",
    ]);
  });

  const faults: FakeModelReply[] = [
    { kind: "raw", status: 500, body: "oops" },
    { kind: "html" },
    { kind: "stall-headers" },
    { kind: "disconnect", when: "in-body" },
    { kind: "answer", content: '{"tasks":[{"task":2,"needs":[]', finishReason: "length" },
  ];

  it.each(faults)("falls back to list order for all undeclared tasks: %j", async (reply) => {
    const tasks = [...PLAIN, { id: "e", reads: [], writes: ["x"] }, { id: "f", reads: ["x"], writes: [] }];
    const start = performance.now();
    const analysis = await answered(tasks, reply);
    expect(performance.now() - start).toBeLessThan(1300);
    expect(pairs(analysis.edges)).toEqual([
      "e-f files",
      ...["a-b", "b-c", "c-d", "d-e", "d-f"].map((pair) => `${pair} assumed`),
    ]);
    expect(reasons(analysis).at(-1)).toMatch(/, so list order is kept for 4 tasks$/);
  });

  it("asks about undeclared tasks, and about tasks after them that declare only files", async () => {
    const tasks = [
      { id: "a", reads: [], writes: ["x"] },
      { id: "b", reads: [], writes: ["y"] },
      { id: "c" },
      { id: "d", reads: [], writes: ["z"] },
      { id: "e", dependsOn: [] },
      { id: "f" },
    ];
    const { edges } = await answered(tasks, [record(3, 1), record(4, 3), record(6)]);
    expect(JSON.stringify(server!.requests[0]!.body)).toContain('each of these tasks: 3, 4, 6"');
    expect(pairs(edges)).toEqual(["a-c llm", "c-d llm"]);
  });

  it("asks about every task but the first where it always asks", async () => {
    const tasks = [{ id: "a" }, { id: "b" }, { id: "c", dependsOn: ["a"] }];
    const { edges } = await answered(tasks, [record(2, 1), record(3, 1, 2)], { askModel: "always" });
    expect(JSON.stringify(server!.requests[0]!.body)).toContain("each of these tasks: 2, 3");
    expect(pairs(edges)).toEqual(["a-c declared", "a-b llm", "b-c llm"]);
    await server!.close();
    const failed = await answered(tasks, { kind: "html" }, { askModel: "always" });
    expect(pairs(failed.edges)).toEqual(["a-c declared"]);
    expect(reasons(failed).at(-1)).toMatch(/, so only what the tasks say themselves is used$/);
  });

  it.each<[string, readonly Spec[]]>([
    ["one task", [{ id: "a" }]],
    ["no task", []],
    [
      "tasks that are all declared",
      [
        { id: "a", dependsOn: [] },
        { id: "b", reads: [], writes: [] },
      ],
    ],
    ["a plan that uses dependsOn", [{ id: "a" }, { id: "b", dependsOn: ["a"] }, { id: "c" }]],
  ])("does not ask about %s", async (_, tasks) => {
    expect((await answered(tasks, [])).fallbacks).toEqual([]);
    expect(server!.requests).toHaveLength(0);
  });

  it("rejects with the caller's reason when the caller aborts", async () => {
    const caller = new AbortController();
    server = await startFakeModelServer(() => {
      caller.abort(new Error("enough"));
      return { kind: "stall-headers" };
    });
    const model = { apiKey: "k", baseUrl: server.baseUrl, model: "m" };
    await expect(analyzed(PLAIN, { model, signal: caller.signal })).rejects.toThrow("enough");
    await expect(analyzed(PLAIN, { signal: caller.signal })).rejects.toThrow("enough");
  });
});

describe("what earlier runs have shown", () => {
  const seen = (files: Record<string, SeenFiles>) => ({
    learned: (task: Task): SeenFiles | null => files[task.id] ?? null,
    askModel: "never" as const,
  });

  it("takes the place of list order, with the path as evidence", async () => {
    const files = {
      a: { reads: [], writes: ["x"] },
      b: { reads: [], writes: ["y"] },
      c: { reads: ["x"], writes: [] },
      d: { reads: ["out"], writes: ["y"] },
    };
    const { edges } = await analyzed(PLAIN, seen(files));
    expect(pairs(edges)).toEqual(["a-c learned", "b-d learned"]);
    expect(edges[0]!.evidence).toBe("in an earlier run: writes x, read as x");
  });

  it("leaves list order around a task of which not all reads are known", async () => {
    const files = {
      a: { reads: [], writes: ["x"] },
      b: { reads: null, writes: ["y"] },
      c: { reads: [], writes: [] },
      d: { reads: [], writes: [] },
    };
    const { edges } = await analyzed(PLAIN, seen(files));
    expect(pairs(edges)).toEqual(["a-b assumed", "b-c assumed", "b-d assumed"]);
  });

  it("stands beside what is declared, and adds what that forgot", async () => {
    const tasks = [
      { id: "a", dependsOn: [] },
      { id: "b", dependsOn: ["a"] },
      { id: "c", dependsOn: ["a"] },
    ];
    const files = { b: { reads: [], writes: ["x"] }, c: { reads: ["x"], writes: [] } };
    const { edges } = await analyzed(tasks, seen(files));
    expect(pairs(edges)).toEqual(["a-b declared", "a-c declared", "b-c learned"]);
  });

  it("takes names as they are, whatever signs they hold", async () => {
    const files = { a: { reads: [], writes: ["[x]", "y"] }, b: { reads: ["{a,b}"], writes: [] } };
    const { edges } = await analyzed(PLAIN.slice(0, 2), seen(files));
    expect(pairs(edges)).toEqual([]);
    const other = { a: { reads: [], writes: ["d/[x]"] }, b: { reads: ["d/[x]"], writes: [] } };
    expect(pairs((await analyzed(PLAIN.slice(0, 2), seen(other))).edges)).toEqual(["a-b learned"]);
  });
});
