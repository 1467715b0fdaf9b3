import { type Edge, type Task, taskId } from "@sheaf/core";
import { type FakeModelReply, type FakeModelServer, startFakeModelServer } from "@sheaf/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { type ModelFindings, modelEdges } from "./model-edges.ts";
import type { SoundNeed } from "./repair.ts";
import { MOST_PAIRS, pairsToVote } from "./votes.ts";

const listOf = (count: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({ id: taskId(`t${i + 1}`), description: "do the step" }));

const need = (on: number, p: number, votes = 0): SoundNeed => {
  return { on, kind: "data", evidence: "the step", p, votes };
};

const edge = (from: string, to: string): Edge => {
  return {
    ...{ from: taskId(from), to: taskId(to) },
    kind: "data",
    source: "files",
    probability: 1,
    evidence: "",
  };
};

const pairs = (count: number, records: [number, SoundNeed[]][], others: Edge[] = [], votes = 3): string[] =>
  pairsToVote({ tasks: listOf(count), isSet: false, records: new Map(records) }, { others, votes }).map(
    ({ from, to }) => `${from + 1}-${to + 1}`,
  );

describe("pairsToVote", () => {
  it("takes what is doubtful and what is on the critical path", () => {
    const records: [number, SoundNeed[]][] = [
      [1, [need(0, 0.95)]],
      [2, [need(1, 0.95)]],
      [3, [need(0, 0.5), need(1, 0.9)]],
      [4, [need(0, 0.95)]],
    ];
    expect(pairs(5, records)).toEqual(["1-2", "2-3", "1-4"]);
  });

  it("leaves alone what another source says, and what was voted on", () => {
    const records: [number, SoundNeed[]][] = [
      [1, [need(0, 0.5)]],
      [2, [need(0, 0.6, 3)]],
      [3, [need(0, 0.7, 2)]],
    ];
    expect(pairs(4, records, [edge("t1", "t2")])).toEqual(["1-4"]);
  });

  it("looks for the critical path among the edges of all sources", () => {
    const records: [number, SoundNeed[]][] = [
      [1, [need(0, 0.9)]],
      [4, [need(3, 0.9)]],
    ];
    expect(pairs(5, records)).toEqual(["1-2"]);
    expect(pairs(5, records, [edge("t3", "t4")])).toEqual(["4-5"]);
  });

  it("takes so many at most, the most doubtful first", () => {
    const records = Array.from({ length: 100 }, (_, i): [number, SoundNeed[]] => {
      return [i + 100, [need(i, i === 0 ? 1 : 0.8 - (0.3 * i) / 100)]];
    });
    const taken = pairs(200, records);
    expect(taken).toHaveLength(MOST_PAIRS);
    expect(taken.slice(0, 3)).toEqual(["1-101", "62-162", "63-163"]);
  });
});

let server: FakeModelServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const answer = (...records: [task: number, p: number][]): FakeModelReply => {
  const tasks = records.map(([task, p]) => {
    return { task, needs: p === 0 ? [] : [{ evidence: "the step", on: 1, type: "data", p }] };
  });
  return { kind: "answer", content: JSON.stringify({ tasks }) };
};

/** Two tasks that may need the first. */
async function voted(votes: number, ...replies: readonly FakeModelReply[]): Promise<ModelFindings> {
  server = await startFakeModelServer((call) =>
    call === 1 ? answer([2, 0.9], [3, 0.5]) : replies[call - 2]!,
  );
  const settings = { apiKey: "k", baseUrl: server.baseUrl, model: "m" };
  const targets = new Set([1, 2]);
  return await modelEdges({
    tasks: listOf(3),
    isSet: false,
    targets,
    others: [],
    votes,
    cacheDir: null,
    settings,
    signal: undefined,
  });
}

const edges = ({ edges: found }: ModelFindings): unknown[] =>
  found.map(({ from, to, probability }) => [`${from} ${to}`, probability]);

describe("votes", () => {
  it("are not asked for unless told so", async () => {
    expect(edges(await voted(0))).toEqual([
      ["t1 t2", 0.9],
      ["t1 t3", 0.5],
    ]);
    expect(server!.requests).toHaveLength(1);
  });

  it("make the share of yes the probability, and take away what most are against", async () => {
    const findings = await voted(
      3,
      answer([2, 0.9], [3, 0]),
      answer([2, 0.9], [3, 0.9]),
      answer([2, 0], [3, 0.1]),
    );
    expect(edges(findings)).toEqual([["t1 t2", 2 / 3]]);
    expect(findings.repaired).toEqual({ outvoted: 1 });
    expect(findings.repairs).toEqual(["1 part of the model's answer was left out: 1 voted out"]);
    expect([...findings.answered]).toEqual([1, 2]);
    expect(findings.usage).toHaveLength(4);
  });

  it("begin with the same words as the questions before, and turn the pairs round", async () => {
    await voted(2, answer([2, 1], [3, 1]), answer([2, 1], [3, 1]));
    const [first, ...votes] = server!.requests.map(
      ({ body }) => (body as { messages: { content: string }[] }).messages,
    );
    const opening = first![1]!.content.replace(/Give one record for each.*$/, "");
    expect(votes.every(([system]) => system!.content === first![0]!.content)).toBe(true);
    expect(votes.map((messages) => messages[1]!.content.slice(0, opening.length))).toEqual([
      opening,
      opening,
    ]);
    const ends = votes.map((messages) => messages[1]!.content.split(": ").at(-1));
    expect(ends.sort()).toEqual(["1 before 2, 1 before 3", "1 before 3, 1 before 2"]);
  });

  it("change nothing where they fail or say nothing", async () => {
    const findings = await voted(2, { kind: "html" }, answer([3, 1]));
    expect(edges(findings)).toEqual([
      ["t1 t2", 0.9],
      ["t1 t3", 1],
    ]);
    expect(findings.repairs).toEqual([
      expect.stringMatching(/sent text that is not JSON.*, so one vote about dependencies does not count$/),
    ]);
    await server!.close();
    expect(edges(await voted(1, { kind: "html" }))).toEqual([
      ["t1 t2", 0.9],
      ["t1 t3", 0.5],
    ]);
  });
});
