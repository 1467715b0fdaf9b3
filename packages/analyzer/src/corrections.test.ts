import { type Edge, isFullyDeclared, type Task, type TaskSpec, taskId } from "@sheaf/core";
import { type FakeModelServer, startFakeModelServer } from "@sheaf/testkit";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Analysis, analyze } from "./analyze.ts";
import type { AnalyzeRequest } from "./analyze-request.ts";
import type { CorrectedPair, Corrections } from "./corrections.ts";

let server: FakeModelServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

type Spec = Partial<TaskSpec> & { id: string };

const listOf = (specs: readonly Spec[]): Task[] =>
  specs.map((task) => ({ ...task, id: taskId(task.id) }) as Task);

const pair = (text: string): CorrectedPair => {
  const [from, to] = text.split("-") as [string, string];
  return { from, to };
};

interface Said {
  readonly needs?: readonly string[];
  readonly free?: readonly string[];
  readonly released?: readonly string[];
}

const corrected = ({ needs = [], free = [], released = [] }: Said): Corrections => ({
  ...{ needs: needs.map(pair), free: free.map(pair), released },
});

function analyzed(tasks: readonly Spec[], said: Said, more: Partial<AnalyzeRequest> = {}): Promise<Analysis> {
  const corrections = corrected(said);
  return analyze({
    ...{ tasks: listOf(tasks), autoDetect: true, askModel: "when-needed", model: null, corrections },
    ...more,
  });
}

const pairs = ({ edges }: Pick<Analysis, "edges">): string[] =>
  edges.map(({ from, to, source }) => `${from}-${to} ${source}`);

const files = (id: string, reads: string[], writes: string[]): Spec => ({ id, reads, writes });
const PLAIN = ["a", "b", "c", "d"].map((id) => ({ id, description: `do ${id}` }));

describe("corrections", () => {
  it("add an edge that ranks above what is found, and below what is declared", async () => {
    const tasks = [files("a", [], ["x"]), files("b", ["x"], []), { ...files("c", [], []), dependsOn: ["b"] }];
    const { edges } = await analyzed(tasks, { needs: ["a-b", "b-c", "a-c"] });
    expect(edges).toContainEqual({
      ...{ from: "a", to: "b", kind: "order", source: "corrected", probability: 1 },
      evidence: "corrected by you",
    });
    expect(pairs({ edges }).sort()).toEqual(["a-b corrected", "a-c corrected", "b-c declared"]);
  });

  it("take edges out that files, words, earlier runs and models call for", async () => {
    const tasks = [
      files("a", [], ["x"]),
      files("b", ["x"], []),
      { ...files("step3", [], []), description: "use the output of step 1" },
    ];
    expect(pairs(await analyzed(tasks, {}))).toEqual(["a-b files", "a-step3 reference"]);
    expect(pairs(await analyzed(tasks, { free: ["a-b", "a-step3"] }))).toEqual([]);
    const seen = new Map([
      ["a", { reads: [], writes: ["x"] }],
      ["b", { reads: ["x"], writes: [] }],
    ]);
    const learned = ({ id }: Task) => seen.get(id) ?? null;
    const two = [{ id: "a" }, { id: "b" }];
    expect(pairs(await analyzed(two, {}, { learned }))).toEqual(["a-b learned"]);
    expect(pairs(await analyzed(two, { free: ["a-b"] }, { learned }))).toEqual([]);
    expect(pairs(await asked(PLAIN.slice(0, 2), [2], { free: ["a-b"] }))).toEqual([]);
  });

  it("never take out what is declared, and outputs that a task takes", async () => {
    const tasks = [files("a", [], ["x"]), { ...files("b", ["x"], []), run: `echo \${a.output}` }];
    const free = await analyzed(tasks, { free: ["a-b"] });
    expect(pairs(free)).toEqual(["a-b reference"]);
    expect(pairs({ edges: free.certain })).toEqual(["a-b reference"]);
    const declared = [{ id: "a" }, { id: "b", dependsOn: ["a"] }];
    expect(pairs(await analyzed(declared, { free: ["a-b"] }))).toEqual(["a-b declared"]);
  });

  it("keep what a freed task stood for: the writer before it is waited for in its place", async () => {
    const chain = [files("a", [], ["x"]), files("b", [], ["x"]), files("c", ["x"], [])];
    expect(pairs(await analyzed(chain, {}))).toEqual(["a-b files", "b-c files"]);
    expect(pairs(await analyzed(chain, { free: ["b-c"] })).sort()).toEqual(["a-b files", "a-c files"]);
  });

  it("free one task of one other in list order, and of nobody else", async () => {
    const four = await analyzed(PLAIN, { free: ["b-c"] });
    expect(pairs(four).sort()).toEqual(["a-b", "a-c", "a-d", "b-d", "c-d"].map((edge) => `${edge} assumed`));
    expect(four.inPlace).toEqual(["a", "b", "c", "d"]);
  });

  it("put exactly the needs of a task that leaves its place there", async () => {
    const analysis = await analyzed(PLAIN, { released: ["c"], needs: ["a-c"] });
    expect(pairs(analysis).sort()).toEqual(["a-b assumed", "a-c corrected", "b-d assumed", "c-d assumed"]);
    expect(analysis.inPlace).toEqual(["a", "b", "d"]);
    const off = await analyzed(PLAIN, { released: ["c"], needs: ["a-c"] }, { autoDetect: false });
    expect(pairs(off).sort()).toEqual(pairs(analysis).sort());
  });

  it("leave a task that has left its place out of the question to a model", async () => {
    const analysis = await asked(PLAIN, [2, 4], { released: ["c"], needs: ["a-c"] });
    expect(pairs(analysis).sort()).toEqual(["a-b llm", "a-c corrected", "a-d llm"]);
    expect(server!.requests).toHaveLength(1);
    const all = PLAIN.map(({ id }) => id);
    await server!.close();
    expect(pairs(await asked(PLAIN, [2], { released: all }))).toEqual([]);
    expect(server!.requests).toHaveLength(0);
    await server!.close();
    expect(pairs(await asked([{ id: "a" }, files("b", [], [])], [2], { released: ["a"] }))).toEqual([]);
    expect(server!.requests).toHaveLength(0);
  });

  it("warn where a need goes against the order of the list, and are silent about strangers", async () => {
    const analysis = await analyzed([files("a", [], []), files("b", [], [])], {
      ...{ needs: ["b-a", "a-a", "zz-a", "a-zz"], free: ["zz-b", "b-a"], released: ["zz"] },
    });
    expect(analysis.edges).toEqual([]);
    expect(analysis.warnings).toEqual([
      "Your correction that a needs b is not used: b does not come before a in the list. Move it there, or take the correction back by sheaf plan --edit.",
      "Your correction that a needs a is not used: a does not come before a in the list. Move it there, or take the correction back by sheaf plan --edit.",
    ]);
  });

  it("hold in any list: forward, needs there, freed pairs apart, what is certain untouched", async () => {
    await fc.assert(
      fc.asyncProperty(anyList, async ({ tasks, said }) => {
        const [plain, analysis] = [await analyzed(tasks, {}), await analyzed(tasks, said)];
        const places = new Map(tasks.map(({ id }, place) => [id, place]));
        const found = new Map(analysis.edges.map((edge) => [`${edge.from}-${edge.to}`, edge]));
        for (const { from, to } of analysis.edges) expect(places.get(from)).toBeLessThan(places.get(to)!);
        for (const { from, to, source } of plain.certain) {
          const edge = found.get(`${from}-${to}`);
          expect(edge?.source).toBe(source === "declared" ? source : (edge?.source ?? "there"));
        }
        const certain = new Set(plain.certain.map(({ from, to }) => `${from}-${to}`));
        const forward = said.needs.filter(
          (text) => places.get(pair(text).from)! < places.get(pair(text).to)!,
        );
        for (const text of forward) expect(["declared", "corrected"]).toContain(found.get(text)?.source);
        for (const text of said.free)
          if (!certain.has(text) && !forward.includes(text)) expect(found.has(text)).toBe(false);
        // No order is lost beside what was taken out: pair by pair, as if each had been found alone.
        const closure = reach(tasks, analysis.edges);
        for (const text of directPairs(tasks, said))
          if (!said.free.includes(text)) expect(closure).toContain(text);
      }),
      { numRuns: 300 },
    );
  });
});

async function asked(tasks: readonly Spec[], about: readonly number[], said: Said): Promise<Analysis> {
  server = await startFakeModelServer(() => {
    const records = about.map((task) => {
      return { task, needs: [{ evidence: "do", on: 1, type: "data", p: 0.9 }] };
    });
    return { kind: "answer", content: JSON.stringify({ tasks: records }) };
  });
  const model = { apiKey: "k", baseUrl: server.baseUrl, model: "m", timeoutMs: 20_000 };
  return await analyzed(tasks, said, { model });
}

const IDS = ["t0", "t1", "t2", "t3", "t4", "t5", "t6"];
const somePaths = fc.uniqueArray(fc.constantFrom("x", "y"), { maxLength: 2 });
const anyTask = fc.record({
  declares: fc.boolean(),
  ...{ reads: somePaths, writes: somePaths },
  takes: fc.option(fc.nat(6), { freq: 6 }),
  follows: fc.option(fc.nat(6), { freq: 30 }),
});
const anyPairs = fc.array(
  fc.tuple(fc.constantFrom(...IDS), fc.constantFrom(...IDS)).map((ids) => ids.join("-")),
  { maxLength: 6 },
);
const anyList = fc
  .record({
    drawn: fc.array(anyTask, { minLength: 1, maxLength: IDS.length }),
    ...{ needs: anyPairs, free: anyPairs, released: fc.subarray(IDS, { maxLength: 3 }) },
  })
  .map(({ drawn, needs, free, released }) => {
    const tasks = drawn.map(
      ({ declares, reads, writes, takes, follows }, place): Spec => ({
        id: IDS[place]!,
        ...(declares ? { reads, writes } : {}),
        ...(takes !== null && takes < place ? { run: `echo \${${IDS[takes]}.output}` } : {}),
        ...(follows !== null && follows < place ? { dependsOn: [IDS[follows]!] } : {}),
      }),
    );
    const here = (text: string): boolean => text.split("-").every((id) => IDS.indexOf(id) < tasks.length);
    return { tasks, said: { needs: needs.filter(here), free: free.filter(here), released } };
  });

/** Pairs that clash in a file, or of which one keeps its place in list order. */
function directPairs(tasks: readonly Spec[], { released }: Required<Said>): readonly string[] {
  const ordered = tasks.some(({ dependsOn = [] }) => dependsOn.length > 0);
  const stays = (task: Spec): boolean =>
    !ordered && !isFullyDeclared(task as TaskSpec) && !released.includes(task.id);
  const meets = (one: readonly string[] = [], other: readonly string[] = []): boolean =>
    one.some((path) => other.includes(path));
  return tasks.flatMap((later, place) =>
    tasks.slice(0, place).flatMap((earlier) => {
      const clash =
        meets(earlier.writes, [...(later.reads ?? []), ...(later.writes ?? [])]) ||
        meets(earlier.reads, later.writes);
      return clash || stays(later) || (stays(earlier) && !released.includes(later.id))
        ? [`${earlier.id}-${later.id}`]
        : [];
    }),
  );
}

function reach(tasks: readonly Spec[], edges: readonly Edge[]): ReadonlySet<string> {
  const before = new Map<string, Set<string>>();
  for (const { id } of tasks) {
    const all = new Set<string>();
    for (const { from, to } of edges) {
      if (to !== id) continue;
      all.add(from);
      for (const each of before.get(from)!) all.add(each);
    }
    before.set(id, all);
  }
  return new Set([...before].flatMap(([to, all]) => Array.from(all, (from) => `${from}-${to}`)));
}
