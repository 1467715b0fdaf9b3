// The worst that a description can do with a model that obeys it.
import { assertAcyclic, buildGraph, type Task, taskId } from "@sheaf/core";
import {
  HOSTILE_DESCRIPTIONS,
  type HostileDescription,
  obedientAnswer,
  startFakeModelServer,
} from "@sheaf/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { type Analysis, analyze } from "../analyze.ts";

/** Eight tasks, the third of which is hostile; the sixth declares that it depends on the second. */
const listWith = ({ text }: HostileDescription): readonly Task[] =>
  Array.from({ length: 8 }, (_, i) => ({
    id: taskId(`t${i + 1}`),
    description: i === 2 ? text : `do the step ${i + 1}`,
    ...(i === 5 ? { dependsOn: [taskId("t2")] } : {}),
  }));

interface Attack {
  readonly analysis: Analysis;
  readonly prompts: readonly string[];
  readonly tasks: readonly Task[];
}

async function attacked(hostile: HostileDescription): Promise<Attack> {
  const tasks = listWith(hostile);
  const server = await startFakeModelServer(() => obedientAnswer(hostile));
  try {
    const model = { apiKey: "k", baseUrl: server.baseUrl, model: "m", timeoutMs: 30_000 };
    const analysis = await analyze({ tasks, autoDetect: true, askModel: "always", model, verify: 2 });
    const prompts = server.requests.map(
      ({ body }) => (body as { messages: { content: string }[] }).messages[1]!.content,
    );
    return { analysis, prompts, tasks };
  } finally {
    await server.close();
  }
}

describe.each(HOSTILE_DESCRIPTIONS)("a description that $name", (hostile) => {
  let attack: Attack;
  beforeAll(async () => {
    attack = await attacked(hostile);
  });

  it("leaves a graph that goes forward and holds what is declared", () => {
    const { analysis, tasks } = attack;
    const { edges } = analysis;
    const ids = tasks.map(({ id }) => id);
    assertAcyclic(buildGraph(ids, edges));
    for (const { from, to } of edges) expect(ids.indexOf(from)).toBeLessThan(ids.indexOf(to));
    expect(edges).toContainEqual(
      expect.objectContaining({ from: "t2", to: "t6", source: "declared", probability: 1 }),
    );
    expect(edges.length).toBeLessThanOrEqual((8 * 7) / 2);
    for (const { evidence } of edges) {
      expect(evidence.length).toBeLessThanOrEqual(200);
      expect(evidence).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });

  it("stays one line of data between the two markers, and does not blow up the question", () => {
    const { prompts } = attack;
    expect(prompts.length).toBeGreaterThan(0);
    for (const prompt of prompts) {
      const lines = prompt.split("\n");
      const ends = lines.flatMap((line, i) => (line === lines[0] ? [i] : []));
      expect(ends).toEqual([0, 9]);
      for (const [i, line] of lines.slice(1, 9).entries()) expect(JSON.parse(line).task).toBe(i + 1);
      expect(prompt).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
      expect(prompt.length).toBeLessThan(30_000);
    }
  });
});

it("what a model was made to say without evidence counts half", async () => {
  const everything = HOSTILE_DESCRIPTIONS.find(({ name }) => name.startsWith("says that everything"))!;
  const tasks = listWith({ ...everything, text: "do the step 3" });
  const server = await startFakeModelServer(() => obedientAnswer(everything));
  const model = { apiKey: "k", baseUrl: server.baseUrl, model: "m", timeoutMs: 30_000 };
  const { edges, repaired } = await analyze({ tasks, autoDetect: true, askModel: "always", model });
  await server.close();
  const said = edges.filter(({ source }) => source === "llm");
  expect(said).toHaveLength(27);
  for (const { probability } of said) expect(probability).toBe(0.5);
  expect(repaired).toMatchObject({ unproven: 28, unasked: 1, itself: 7 });
});
