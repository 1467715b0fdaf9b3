// Tasks in no order, of which a model says what they need.
import { type Task, type TaskSpec, taskId } from "@sheaf/core";
import { cases, type FakeModelServer, startFakeModelServer, tempDir } from "@sheaf/testkit";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Analysis, analyze } from "./analyze.ts";
import type { AnalyzeRequest } from "./analyze-request.ts";
import { freeOrder } from "./free-order.ts";

type Spec = Partial<TaskSpec> & { id: string };
type Need = readonly [on: number, p: number];

const tasksOf = (...specs: readonly (Spec | string)[]): Task[] =>
  specs.map((spec) => {
    const given: Spec = typeof spec === "string" ? { id: spec, description: `do ${spec}` } : spec;
    return { ...given, id: taskId(given.id) } as Task;
  });

const records = (needs: Readonly<Record<number, readonly Need[]>>): string =>
  JSON.stringify({
    tasks: Object.entries(needs).map(([task, each]) => ({
      task: Number(task),
      needs: each.map(([on, p]) => ({ evidence: "do", on, type: "data", p })),
    })),
  });

let server: FakeModelServer;
let answer: (body: unknown) => string;

beforeEach(async () => {
  server = await startFakeModelServer((_, body) => ({ kind: "answer", content: answer(body) }));
});
afterEach(async () => await server.close());

async function analyzed(tasks: readonly Task[], more: Partial<AnalyzeRequest> = {}): Promise<Analysis> {
  return await analyze({
    ...{ tasks, order: "free", autoDetect: true, askModel: "when-needed" },
    model: { apiKey: "k", baseUrl: server.baseUrl, model: "m" },
    ...more,
  });
}

const ids = ({ tasks }: Analysis): string => tasks.map(({ id }) => id).join(" ");
const pairs = ({ edges }: Analysis): string[] =>
  edges.map(({ from, to, source }) => `${from}-${to} ${source}`);
const reasons = ({ fallbacks }: Analysis): string[] => fallbacks.map(({ reason }) => reason);
const asked = (): string => JSON.stringify(server.requests.at(-1)?.body);

describe("analyze, where the order is free", () => {
  it("asks about every task, the first as well, and moves those behind what they need", async () => {
    answer = () => records({ 1: [[3, 0.9]], 2: [], 3: [[2, 0.9]] });
    const analysis = await analyzed(tasksOf("a", "b", "c"));
    expect(ids(analysis)).toBe("b c a");
    expect(pairs(analysis)).toEqual(["c-a llm", "b-c llm"]);
    expect(analysis.inPlace).toEqual([]);
    expect(reasons(analysis)).toEqual([]);
    expect(asked()).toContain("one record for each of these tasks: 1-3");
    expect(asked()).toContain("The list is in no order");
  });

  it("takes the least likely need out of a circle, and says so", async () => {
    answer = () => records({ 1: [[3, 0.5]], 2: [[1, 0.9]], 3: [[2, 0.8]] });
    const analysis = await analyzed(tasksOf("a", "b", "c"));
    expect(ids(analysis)).toBe("a b c");
    expect(pairs(analysis)).toEqual(["a-b llm", "b-c llm"]);
    expect(analysis.repaired).toEqual({ circular: 1 });
    expect(reasons(analysis)).toEqual([
      "1 need that the model named was against likelier ones, so it had to give way",
    ]);
  });

  it("lets nothing that is declared give way", async () => {
    answer = () => records({ 1: [[2, 1], [3, 1]], 2: [], 3: [], 4: [] }); // biome-ignore format: a graph
    const files = [
      { id: "make", reads: [], writes: ["x"] },
      { id: "use", reads: ["x"], writes: [] },
      { id: "after", description: "do it", run: `echo \${make.output}` },
      "free",
    ];
    const analysis = await analyzed(tasksOf(...files), { askModel: "always" });
    expect(ids(analysis)).toBe("make use after free");
    expect(pairs(analysis)).toEqual(["make-after reference", "make-use files"]);
    expect(analysis.repaired).toEqual({ circular: 2, unproven: 1 });
  });

  it("reads files in the order that comes of it", async () => {
    answer = () => records({ 1: [[3, 0.9]], 2: [], 3: [] });
    const tasks = tasksOf({ id: "a", writes: ["x"] }, "b", { id: "c", writes: ["x"] });
    const analysis = await analyzed(tasks);
    expect(ids(analysis)).toBe("b c a");
    expect(pairs(analysis)).toEqual(["c-a files"]);
  });

  it("keeps tasks in their place of which nothing is known", async () => {
    answer = () => records({ 1: [[3, 0.9]], 3: [] });
    const analysis = await analyzed(tasksOf("a", "b", "c"));
    expect(ids(analysis)).toBe("b c a");
    expect(analysis.inPlace).toEqual(["b"]);
    expect(pairs(analysis)).toEqual(["c-a llm", "b-c assumed", "b-a assumed"]);
  });

  it("keeps the order where no answer comes", async () => {
    answer = () => "no";
    const analysis = await analyzed(tasksOf("a", "b"));
    expect(ids(analysis)).toBe("a b");
    expect(pairs(analysis)).toEqual(["a-b assumed"]);
  });

  it("asks nobody about a task alone", async () => {
    expect(ids(await analyzed(tasksOf("a")))).toBe("a");
    expect(server.requests).toHaveLength(0);
  });

  it("keeps an order that is to be kept, and leaves out what is against it", async () => {
    answer = () => records({ 1: [[2, 0.9]], 2: [] });
    const analysis = await analyzed(tasksOf("a", "b"), { order: "kept" });
    expect(ids(analysis)).toBe("a b");
    expect(pairs(analysis)).toEqual([]);
    expect(reasons(analysis)).toEqual([
      "1 need that the model named was against the order in which the run began, so it had to give way",
    ]);
  });

  it("moves tasks for a correction, against the model, and without one", async () => {
    answer = () => records({ 1: [], 2: [[1, 1]] });
    const corrections = { needs: [{ from: "b", to: "a" }], free: [], released: [] };
    for (const more of [{}, { model: null, askModel: "never" as const }, { autoDetect: false }]) {
      const analysis = await analyzed(tasksOf("a", "b"), { corrections, ...more });
      expect(ids(analysis)).toBe("b a");
      expect(pairs(analysis)).toContain("b-a corrected");
      expect(analysis.warnings).toEqual([]);
    }
  });

  it("lets a circle of needs be voted on", async () => {
    answer = (body) =>
      JSON.stringify(body).includes("Decide for each")
        ? records({ 1: [[2, 1]], 2: [] })
        : records({ 1: [[2, 0.6]], 2: [[1, 0.7]] });
    const analysis = await analyzed(tasksOf("a", "b"), { verify: 1 });
    expect(ids(analysis)).toBe("b a");
    expect(pairs(analysis)).toEqual(["b-a llm"]);
  });

  it("pays for a new task once: for what it needs, and for who needs it", async () => {
    using dir = tempDir();
    const cacheDir = dir.path;
    answer = () => records({ 1: [[2, 0.9]], 2: [] });
    await analyzed(tasksOf("a", "b"), { cacheDir });
    const again = await analyzed(tasksOf("b", "a"), { cacheDir });
    expect([ids(again), again.cached, server.requests.length]).toEqual(["b a", 2, 1]);
    answer = () => records({ 2: [[1, 0.9]], 1: [] });
    const more = await analyzed(tasksOf("new", "b", "a"), { cacheDir });
    expect(server.requests).toHaveLength(2);
    expect(asked()).toContain(
      "Tasks 2, 3 are known but for one thing: whether they need one of the tasks 1.",
    );
    expect(ids(more)).toBe("new b a");
    expect(pairs(more)).toEqual(["new-b llm", "b-a llm"]);
    const serial = await analyzed(tasksOf("b", "a"), { cacheDir, order: "given" });
    expect(serial.cached).toBe(0);
  });

  it("any answer: an order with all that is declared, in which every edge goes forward", async () => {
    const id = fc.constantFrom("a", "b", "c", "d", "e");
    const some = fc.subarray(["x", "y"]);
    const spec = fc.record({ reads: some, writes: some }, { requiredKeys: [] });
    const need = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0.3, 0.6, 1));
    const said = fc.dictionary(fc.constantFrom("1", "2", "3", "4", "5"), fc.array(need, { maxLength: 4 }));
    const list = fc.uniqueArray(id, { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        list,
        fc.array(spec, { minLength: 5, maxLength: 5 }),
        said,
        async (names, specs, needs) => {
          answer = () => records(needs);
          const given = tasksOf(...names.map((name, i) => ({ id: name, description: "do", ...specs[i] })));
          const tasks = freeOrder(given).tasks;
          const analysis = await analyzed(tasks, { askModel: "always" });
          const place = new Map(analysis.tasks.map((task, at) => [task.id, at]));
          expect([...place.keys()].sort()).toEqual(names.toSorted());
          expect(analysis.edges.every(({ from, to }) => place.get(from)! < place.get(to)!)).toBe(true);
          expect(freeOrder(analysis.tasks).tasks).toEqual(analysis.tasks);
        },
      ),
      cases({ ci: 60, deep: 3_000 }),
    );
  });
});
