import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "@sheaf/core";
import {
  cases,
  type FakeModelReply,
  type FakeModelServer,
  startFakeModelServer,
  type TempDir,
  tempDir,
} from "@sheaf/testkit";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ModelFindings, modelEdges } from "./model-edges.ts";
import type { ModelSettings } from "./model-settings.ts";
import { type Asked, askedIn, listOf, trueAnswer, trueEdges } from "./truthful-model-rig.ts";

let place: TempDir;
let server: FakeModelServer;
/** What the server does next, in place of a true answer. */
let faults: FakeModelReply[];

beforeEach(async () => {
  place = tempDir();
  faults = [];
  server = await startFakeModelServer((_, body) => faults.shift() ?? trueAnswer(body));
});

afterEach(async () => {
  await server.close();
  place[Symbol.dispose]();
});

const folder = (): string => join(place.path, "analysis");
/** But for how long answers took. */
const files = (): string[] => readdirSync(folder()).filter((name) => !name.endsWith("-times.json"));
const onlyFile = (): string => join(folder(), files()[0]!);

const edgesOf = ({ edges }: ModelFindings): string[] => edges.map(({ from, to }) => `${from} ${to}`);

async function ask(
  tasks: readonly Task[],
  more: Partial<ModelSettings> = {},
  votes = 0,
): Promise<ModelFindings> {
  const settings = { apiKey: "k", baseUrl: server.baseUrl, model: "m", timeoutMs: 30_000, ...more };
  const targets = new Set(tasks.keys());
  targets.delete(0);
  const question = { tasks, isSet: false, targets, others: [], votes, cacheDir: folder(), signal: undefined };
  const findings = await modelEdges({ ...question, settings });
  return findings;
}

/** What the server was asked since the last look. */
function asked(): Asked[] {
  const fresh = server.requests.slice(seen).map(({ body }) => askedIn(body));
  seen = server.requests.length;
  return fresh;
}
let seen = 0;
beforeEach(() => {
  seen = 0;
});

const TEXTS = Array.from({ length: 12 }, (_, i) => `step ${i} of the work`);

describe("kept answers", () => {
  it("are used for the same list, and cost nothing", async () => {
    const tasks = listOf(...TEXTS);
    const first = await ask(tasks);
    const second = await ask(tasks);
    expect(edgesOf(first).sort()).toEqual(trueEdges(tasks).sort());
    expect(second.edges).toEqual(first.edges);
    expect([first.cached, second.cached, second.usage]).toEqual([0, 11, []]);
    expect([...second.answered]).toEqual([...first.answered]);
    expect(asked()).toHaveLength(1);
    expect(files()).toHaveLength(1);
  });

  it("let a task that is added at the end be asked about alone", async () => {
    await ask(listOf(...TEXTS));
    asked();
    const tasks = listOf(...TEXTS, "one more");
    const findings = await ask(tasks);
    expect(asked()).toMatchObject([{ about: [12], of: [], need: [] }]);
    expect(findings.cached).toBe(11);
    expect(edgesOf(findings).sort()).toEqual(trueEdges(tasks).sort());
  });

  it.each([
    ["is added in the middle", [...TEXTS.slice(0, 5), "one more", ...TEXTS.slice(5)], 4],
    ["is changed", [...TEXTS.slice(0, 5), "one more", ...TEXTS.slice(6)], 4],
    ["is moved up", [...TEXTS.slice(0, 5), TEXTS[8]!, ...TEXTS.slice(5, 8), ...TEXTS.slice(9)], 8],
  ])(
    "let one call do where a task %s: the later ones are asked about that one alone",
    async (_, texts, cached) => {
      await ask(listOf(...TEXTS));
      asked();
      const tasks = listOf(...texts);
      const findings = await ask(tasks);
      const [only, ...others] = asked();
      expect(others).toEqual([]);
      expect(only!.need).toEqual([5]);
      expect(findings.cached).toBe(cached);
      expect(edgesOf(findings).sort()).toEqual(trueEdges(tasks).sort());
      expect((await ask(tasks)).cached).toBe(tasks.length - 1);
      expect(asked()).toEqual([]);
    },
  );

  it("of later tasks are not changed by what nobody asked about", async () => {
    const tasks = listOf("one", "two", "three");
    faults = [{ kind: "answer", content: '{"tasks":[{"task":2,"needs":[]},{"task":3,"needs":[]}]}' }];
    await ask(tasks);
    const need = (on: number): object => ({ evidence: "do", on, type: "data", p: 0.9 });
    const records = [
      { task: 2, needs: [] },
      { task: 4, needs: [need(1), need(2), need(3)] },
    ];
    faults = [{ kind: "answer", content: JSON.stringify({ tasks: records }) }];
    expect(edgesOf(await ask(listOf("one", "new", "two", "three")))).toEqual(["new three"]);
  });

  it("of later tasks are given up where the answer about what is new has no end", async () => {
    await ask(listOf(...TEXTS));
    const tasks = listOf("one more", ...TEXTS);
    faults = [{ kind: "answer", content: '{"tasks":[{"task":3,"needs":[]},{"task":4,' }];
    asked();
    const findings = await ask(tasks);
    expect(asked()).toMatchObject([
      { about: [1], of: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], need: [0] },
      { about: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], of: [] },
    ]);
    expect(edgesOf(findings).sort()).toEqual(trueEdges(tasks).sort());
  });

  it("need nobody where a task is taken away", async () => {
    await ask(listOf(...TEXTS));
    asked();
    const tasks = listOf(...TEXTS.slice(0, 3), ...TEXTS.slice(4));
    expect(edgesOf(await ask(tasks)).sort()).toEqual(trueEdges(tasks).sort());
    expect(asked()).toEqual([]);
  });

  it("give after any changes what asking about all anew would give", async () => {
    const text = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h").map((name) => `do ${name}`);
    const list = fc.uniqueArray(text, { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(list, { minLength: 2, maxLength: 4 }), async (lists) => {
        rmSync(folder(), { recursive: true, force: true });
        for (const texts of lists) {
          const tasks = listOf(...texts);
          const findings = await ask(tasks);
          expect(edgesOf(findings).sort()).toEqual(trueEdges(tasks).sort());
          expect(findings.answered.size).toBe(tasks.length - 1);
        }
      }),
      cases({ ci: 25, full: 60, deep: 1000 }),
    );
  });

  it("are not used for another asker, or for a text with another end", async () => {
    const long = "x".repeat(9000);
    const tasks = listOf("one", "two", `three ${long}`);
    await ask(tasks);
    for (const more of [{ model: "other" }, { temperature: 0 }])
      expect((await ask(tasks, more)).cached).toBe(0);
    const changed = { ...tasks[2]!, description: `three ${long}y` };
    expect(await ask([tasks[0]!, tasks[1]!, changed])).toMatchObject({ cached: 1 });
    expect(await ask([tasks[0]!, tasks[1]!, { ...tasks[2]!, input: { n: 1 } }])).toMatchObject({ cached: 1 });
    expect((await ask(tasks, { apiKey: "other", timeoutMs: 20_000 })).cached).toBe(2);
  });

  it("hold the votes, which are asked for once", async () => {
    const tasks = listOf(...TEXTS);
    const first = await ask(tasks, {}, 2);
    expect(asked().length).toBe(3);
    expect(first.edges.some(({ probability }) => probability === 1)).toBe(true);
    const second = await ask(tasks, {}, 2);
    expect(asked()).toEqual([]);
    expect(second.edges).toEqual(first.edges);
  });
});

describe("what is kept", () => {
  const tasks = listOf("one", "two", "three", "four");

  it.each<[string, FakeModelReply]>([
    ["refused", { kind: "answer", content: "They all depend on each other." }],
    ["failed", { kind: "raw", status: 500, body: "oops" }],
    ["cut", { kind: "answer", content: '{"tasks":[{"task":2,"needs":[]},{"task":3,"needs":[' }],
    ["unreadable in part", { kind: "answer", content: '{"tasks":[{"task":2,"needs":[]},{"task":3}]}' }],
    ["about nothing", { kind: "answer", content: '{"tasks":[]}' }],
  ])("is nothing of an answer that is %s", async (_, fault) => {
    faults = [fault, fault, fault];
    await ask(tasks);
    faults = [];
    asked();
    await ask(tasks);
    expect(asked()).toMatchObject([{ about: [1, 2, 3], of: [] }]);
  });

  it("is what was answered, and not what was left out", async () => {
    const partial = {
      kind: "answer",
      content: '{"tasks":[{"task":2,"needs":[]},{"task":4,"needs":[]}]}',
    } as const;
    faults = [partial, { kind: "answer", content: '{"tasks":[]}' }];
    expect((await ask(tasks)).answered.size).toBe(2);
    asked();
    expect((await ask(tasks)).cached).toBe(2);
    expect(asked()).toMatchObject([{ about: [2] }]);
  });

  it.each<[string, (path: string) => void]>([
    ["torn", (path) => writeFileSync(path, readFileSync(path, "utf8").slice(0, 90))],
    ["empty", (path) => writeFileSync(path, "")],
    ["of another form", (path) => writeFileSync(path, '{"format":1,"tasks":[[1]]}')],
    ["of another version", (path) => change(path, '"format":1', '"format":2')],
    ["changed in one place", (path) => change(path, ",0.9,", ",0.8,")],
    ["no UTF-8", (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0, 1]))],
    ["a folder", (path) => makeFolder(path)],
  ])("counts as nothing when it is %s", async (_, damage) => {
    const list = listOf(...TEXTS);
    await ask(list);
    damage(onlyFile());
    asked();
    const findings = await ask(list);
    expect(edgesOf(findings).sort()).toEqual(trueEdges(list).sort());
    expect(findings.cached).toBe(0);
    expect(asked()).toHaveLength(1);
  });

  it("is replaced as a whole: what was damaged is mended by the next analysis", async () => {
    await ask(tasks);
    writeFileSync(onlyFile(), "{");
    await ask(tasks);
    expect((await ask(tasks)).cached).toBe(3);
    expect(files()).toHaveLength(1);
  });

  const name = (n: number): string => `${"ab".repeat(8)}-${n.toString(16).padStart(16, "0")}.json`;
  const put = (file: string, days: number): void => {
    writeFileSync(join(folder(), file), "{}");
    const at = new Date(Date.now() - days * 86_400_000);
    utimesSync(join(folder(), file), at, at);
  };

  it("goes when nobody has used it for 30 days", async () => {
    await ask(tasks);
    put(name(1), 29);
    put(name(2), 31);
    await ask(tasks);
    expect(files()).toContain(name(1));
    expect(files()).not.toContain(name(2));
  });

  it("goes when there is too much, and when it was left half-written", async () => {
    await ask(tasks);
    const own = files()[0]!;
    for (let n = 0; n < 40; n++) put(name(n), 1 + n / 100);
    for (const [file, days] of [
      [`${name(51)}.7.tmp`, 1],
      [`${name(52)}.7.tmp`, 0],
      ["notes", 99],
    ] as const)
      put(file, days);
    await ask(tasks);
    expect(files()).toContain(own);
    expect(files().filter((file) => file.endsWith(".json"))).toHaveLength(32);
    expect(files()).toContain(name(30));
    expect(files()).not.toContain(name(31));
    expect(
      files()
        .filter((file) => !file.endsWith(".json"))
        .sort(),
    ).toEqual([`${name(52)}.7.tmp`, "notes"].sort());
  });

  it("says where it could not be kept, and gives the answer all the same", async () => {
    writeFileSync(folder(), "in the way");
    const findings = await ask(tasks);
    expect(edgesOf(findings).sort()).toEqual(trueEdges(tasks).sort());
    expect(findings.repairs).toEqual([
      expect.stringMatching(/^The model's answers could not be kept in .*EEXIST/),
    ]);
  });
});

function change(path: string, from: string, to: string): void {
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

function makeFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
  chmodSync(path, 0o700);
}
