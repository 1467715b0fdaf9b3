import { join } from "node:path";
import { type Edge, type Task, taskId, type UsageRecord } from "@sheaf/core";
import { type FakeModelReply, startFakeModelServer, tempDir } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { type Analysis, analyze } from "./analyze.ts";
import type { AnalyzeRequest, KnownEdges, Prospect } from "./analyze-request.ts";
import type { ModelSettings } from "./llm/model-settings.ts";

const TASKS: readonly Task[] = [
  { id: taskId("a"), reads: [], writes: ["x"] },
  { id: taskId("b") },
  { id: taskId("c"), reads: ["x"], writes: [] },
  { id: taskId("d"), dependsOn: [] },
];

const pairs = (edges: readonly Edge[]): string =>
  edges.map(({ from, to, source }) => `${from}-${to} ${source}`).join(", ");

/** What is told while the model gives this reply, and what the analysis comes to. */
async function told(
  reply: FakeModelReply,
  more: Partial<AnalyzeRequest> = {},
): Promise<{ readonly told: readonly string[]; readonly analysis: Analysis; readonly model: ModelSettings }> {
  const server = await startFakeModelServer(() => reply);
  const told: string[] = [];
  const model = { apiKey: "k", baseUrl: server.baseUrl, model: "m", timeoutMs: 10_000 };
  try {
    const analysis = await analyze({
      ...{ tasks: TASKS, autoDetect: true, askModel: "when-needed" },
      model,
      onAsking: ({ edges, asked }: KnownEdges) => void told.push(`asks about ${[...asked]}: ${pairs(edges)}`),
      onSettled: (place: number, edges: readonly Edge[]) => void told.push(`${place}: ${pairs(edges)}`),
      onUsage: ({ inputTokens }: UsageRecord) => void told.push(`${inputTokens} tokens`),
      ...more,
    });
    return { told, analysis, model };
  } finally {
    await server.close();
  }
}

const record = (task: number, on: number) => ({ task, needs: [{ evidence: "", on, type: "logic", p: 0.9 }] });
const GOOD = {
  kind: "answer",
  content: JSON.stringify({ tasks: [record(2, 1), record(3, 2)] }),
} as const;

describe("what is told while a model is asked", () => {
  it("is what is known without it, then all edges into each task that it has spoken about", async () => {
    const found = await told(GOOD);
    expect(found.told).toEqual([
      "asks about 1,2: a-c files",
      "1: a-b llm",
      "2: a-c files, b-c llm",
      "100 tokens",
    ]);
    expect(pairs(found.analysis.edges)).toBe("a-c files, a-b llm, b-c llm");
  });

  it("is what is whole of an answer that is cut off, once, and what each call cost", async () => {
    const broken = {
      kind: "answer",
      content: '{"tasks":[{"task":2,"needs":[]}',
      finishReason: "length",
    } as const;
    expect((await told(broken)).told).toEqual([
      ...["asks about 1,2: a-c files", "1: ", "100 tokens", "100 tokens"],
    ]);
  });

  it("has no edge that the user has taken out, whoever is asked", async () => {
    const prospects: Prospect[] = [];
    const corrections = { needs: [], free: [{ from: "a", to: "b" }], released: [] };
    const objection = (prospect: Prospect): null => {
      prospects.push(prospect);
      return null;
    };
    const found = await told(GOOD, { corrections, objection });
    expect(found.told.slice(0, 3)).toEqual(["asks about 1,2: a-c files", "1: ", "2: a-c files, b-c llm"]);
    expect(pairs(found.analysis.edges)).toBe("a-c files, b-c llm");
    expect(pairs(prospects[0]!.without)).not.toContain("a-b");
  });

  it("is nothing where somebody objects, and that is said", async () => {
    const prospects: Prospect[] = [];
    const objection = (prospect: Prospect): string => {
      prospects.push(prospect);
      return "It is too dear";
    };
    const found = await told(GOOD, { objection });
    expect(found.told).toEqual([]);
    expect(found.analysis.fallbacks).toEqual([
      { part: "analysis", reason: "It is too dear, so list order is kept for 1 task" },
    ]);
    expect(prospects.map(({ tasks, known, without }) => [tasks, pairs(known), pairs(without)])).toEqual([
      [2, "a-c files", pairs(found.analysis.edges)],
    ]);
  });

  it("is nothing where kept answers say all, and nobody can object", async () => {
    using dir = tempDir();
    const cacheDir = join(dir.path, "analysis");
    const first = await told(GOOD, { cacheDir });
    const again = await told(GOOD, { cacheDir, model: first.model, objection: () => "It is too dear" });
    expect(again.told).toEqual([]);
    expect(again.analysis.edges).toEqual(first.analysis.edges);
    expect(again.analysis).toMatchObject({ cached: 2, fallbacks: [], usage: [] });
  });

  it.each<Partial<AnalyzeRequest>>([{ askModel: "never" }, { model: null }, { autoDetect: false }])(
    "is nothing where no model is asked: %j",
    async (more) => {
      expect((await told(GOOD, more)).told).toEqual([]);
    },
  );
});
