import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Edge, type Task, taskId } from "@sheaf/core";
import { startFakeModelServer } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { type Analysis, analyze } from "./analyze.ts";
import { fileEdges } from "./files.ts";
import { readAnswer } from "./llm/answer.ts";

const data = join(import.meta.dirname, "../../../../shared/data");

const lines = (path: string): unknown[] =>
  readFileSync(join(data, path), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

interface TaskGraph {
  readonly task_steps: readonly unknown[];
  readonly task_nodes: readonly { readonly task: string }[];
  readonly task_links: readonly { readonly source: string; readonly target: string }[];
}

const tasksOf = ({ task_nodes, task_steps }: TaskGraph): Task[] =>
  task_nodes.map((_, i) => ({ id: taskId(`t${i}`), description: String(task_steps[i] ?? "") }));

/** The graph in the form that is asked for; links to nodes that do not exist get numbers that do not exist. */
function inOurForm({ task_nodes, task_links }: TaskGraph): string {
  const numberOf = (name: string): number => {
    const place = task_nodes.findIndex((node) => node.task === name);
    return place === -1 ? task_nodes.length + 3 : place + 1;
  };
  const tasks = task_links.map((link) => ({
    task: numberOf(link.target),
    needs: [{ evidence: link.source, on: numberOf(link.source), type: "data", p: 0.9 }],
  }));
  return JSON.stringify({ tasks });
}

async function answeredBy(content: string, tasks: readonly Task[]): Promise<Analysis> {
  const server = await startFakeModelServer(() => ({ kind: "answer", content }));
  const model = { apiKey: "k", baseUrl: server.baseUrl, model: "m" };
  try {
    return await analyze({ tasks, autoDetect: true, askModel: "when-needed", model });
  } finally {
    await server.close();
  }
}

function expectForward(edges: readonly Edge[], tasks: readonly Task[]): void {
  const places = new Map(tasks.map((task, place) => [task.id, place]));
  const pairs = new Set(edges.map((edge) => `${edge.from} ${edge.to}`));
  expect(pairs.size).toBe(edges.length);
  for (const { from, to } of edges) expect(places.get(from)!).toBeLessThan(places.get(to)!);
}

/** Tells whether every task comes after all before it. */
const isChain = (edges: readonly Edge[], tasks: readonly Task[]): boolean =>
  tasks.slice(1).every((task, i) => edges.some((edge) => edge.from === tasks[i]!.id && edge.to === task.id));

describe.skipIf(!existsSync(data))("on recorded answers (left out where ../shared/data is absent)", () => {
  const graphs = (): TaskGraph[] =>
    lines("recorded/taskbench_graph_defects.jsonl").map((line) => (line as { answer: TaskGraph }).answer);

  it("makes a forward graph of every defective task graph", async () => {
    let repaired = 0;
    for (const graph of graphs()) {
      const tasks = tasksOf(graph);
      const { edges, fallbacks, usage } = await answeredBy(inOurForm(graph), tasks);
      expectForward(edges, tasks);
      // Where a task has no record it is asked about once more.
      expect(usage.length).toBe(fallbacks.some(({ reason }) => reason.includes("says nothing")) ? 2 : 1);
      repaired += fallbacks.some(({ reason }) => reason.includes("left out")) ? 1 : 0;
    }
    expect(repaired).toBeGreaterThan(50);
  });

  it("keeps list order where the answer is a graph of another form", async () => {
    for (const graph of graphs().slice(0, 20)) {
      const tasks = tasksOf(graph);
      const { edges, fallbacks } = await answeredBy(JSON.stringify(graph), tasks);
      expectForward(edges, tasks);
      expect(isChain(edges, tasks)).toBe(true);
      expect(fallbacks.at(-1)!.reason).toContain("list order is kept");
    }
  });

  it("keeps list order where the answer is no JSON", async () => {
    const demos = JSON.parse(readFileSync(join(data, "recorded/hugginggpt_demo_raw.json"), "utf8")) as {
      raw: string;
    }[];
    const tasks = tasksOf(graphs()[0]!);
    for (const { raw } of demos) {
      const { edges } = await answeredBy(raw, tasks);
      expectForward(edges, tasks);
      expect(isChain(edges, tasks)).toBe(true);
    }
  });

  it("keeps list order around the tasks whose records an answer lacks that is cut at any place", async () => {
    const tasks = tasksOf(graphs()[0]!);
    const whole = inOurForm(graphs()[0]!);
    for (let i = 0; i < 20; i++) {
      const content = whole.slice(0, Math.floor((whole.length * i) / 20));
      const { edges } = await answeredBy(content, tasks);
      expectForward(edges, tasks);
      const told = content.includes("[") ? readAnswer(content).records.map((record) => record.task) : [];
      for (let place = 1; place < tasks.length; place++) {
        if (told.includes(place + 1)) continue;
        const [from, to] = [tasks[place - 1]!.id, tasks[place]!.id];
        expect(edges.some((edge) => edge.from === from && edge.to === to)).toBe(true);
      }
    }
  });
});

interface Workflow {
  readonly tasks: readonly {
    readonly id: string;
    readonly inputs?: readonly string[];
    readonly outputs?: readonly string[];
  }[];
  readonly edges: readonly (readonly [string, string])[];
}

describe.skipIf(!existsSync(data))("on real workflows (left out where ../shared/data is absent)", () => {
  it("finds every edge that goes forward in list order, from declared files alone", () => {
    for (const { tasks, edges } of lines("dependencies/wfinstances.jsonl") as Workflow[]) {
      const places = new Map(tasks.map((task, place) => [task.id, place]));
      const forward = edges.filter(([from, to]) => places.get(from)! < places.get(to)!);
      const found = fileEdges(
        tasks.map(({ inputs, outputs }, place) => {
          return { id: taskId(`t${place}`), reads: inputs ?? [], writes: outputs ?? [] };
        }),
      );
      const pairs = new Set(found.map(({ from, to }) => `${from} ${to}`));
      const missed = forward.filter(([from, to]) => !pairs.has(`t${places.get(from)} t${places.get(to)}`));
      expect(missed).toEqual([]);
      expect(found.filter(({ kind }) => kind === "file")).toHaveLength(forward.length);
    }
  });
});
