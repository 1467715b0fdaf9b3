import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFakeModelServer, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAnswerTimes } from "./answer-times.ts";
import { ASSUMED_SPEED } from "./expected-time.ts";
import { modelEdges } from "./model-edges.ts";
import { listOf, trueAnswer } from "./truthful-model-rig.ts";

const SETTINGS = { apiKey: "k", model: "m" };
const SLOW = { tasks: 11, firstMs: 2_600, ms: 8_600 };

let dir: ReturnType<typeof tempDir>;
beforeEach(() => {
  dir = tempDir();
});
afterEach(() => dir[Symbol.dispose]());

const open = (more = {}) => openAnswerTimes(join(dir.path, "analysis"), { ...SETTINGS, ...more });
const onlyFile = (): string => join(dir.path, "analysis", readdirSync(join(dir.path, "analysis"))[0]!);

describe("the time that a model takes", () => {
  it("is measured to its first word and for each record, once two answers have shown it", () => {
    open().keep([SLOW]);
    expect(open().speed()).toEqual(ASSUMED_SPEED);
    open().keep([SLOW]);
    expect(open().speed()).toEqual({ firstWordMs: 2_000, recordMs: 600 });
  });

  it("is that of the last nine answers, whatever one of them took", () => {
    open().keep(Array(5).fill({ tasks: 2, firstMs: 90_000, ms: 99_000 }));
    open().keep(Array(5).fill(SLOW));
    open().keep([{ tasks: 2, firstMs: 1, ms: 1 }]);
    expect(open().speed()).toEqual({ firstWordMs: 2_000, recordMs: 600 });
  });

  it("says nothing of another model, another server or another effort", () => {
    open().keep([SLOW, SLOW]);
    for (const other of [{ model: "n" }, { baseUrl: "http://127.0.0.1:1/v1" }, { effort: "high" }])
      expect(open(other).speed()).toEqual(ASSUMED_SPEED);
    expect(open({ apiKey: "other", temperature: 1 }).speed()).not.toEqual(ASSUMED_SPEED);
  });

  it("is not known by an answer about one task", () => {
    open().keep(Array(3).fill({ tasks: 1, firstMs: 9, ms: 9 }));
    expect(readdirSync(dir.path)).toEqual([]);
  });

  it.each([
    "{nope",
    "{}",
    '{"format":1,"answers":[{"firstWordMs":-1,"recordMs":0}]}',
    '{"format":1,"answers":[{"firstWordMs":1e999,"recordMs":0}]}',
  ])("counts as unknown by a file that is damaged: %s", (text) => {
    open().keep([SLOW, SLOW]);
    writeFileSync(onlyFile(), text);
    expect(open().speed()).toEqual(ASSUMED_SPEED);
    open().keep([SLOW, SLOW]);
    expect(open().speed()).not.toEqual(ASSUMED_SPEED);
  });

  it("is not kept where that cannot be, and nothing comes of it", () => {
    writeFileSync(join(dir.path, "analysis"), "in the way");
    open().keep([SLOW, SLOW]);
    expect(open().speed()).toEqual(ASSUMED_SPEED);
    openAnswerTimes(null, SETTINGS).keep([SLOW, SLOW]);
  });

  it("is what the next analysis expects, and forgotten after 30 days", async () => {
    await using server = await disposable();
    const cacheDir = join(dir.path, "analysis");
    const expected: number[] = [];
    const ask = async (word: string): Promise<void> => {
      const objection = (_: number, ms: number): null => {
        expected.push(ms);
        return null;
      };
      const tasks = listOf(`${word} one`, `${word} two`, `${word} three`);
      const settings = { ...SETTINGS, baseUrl: server.baseUrl };
      const quiet = { isSet: false, others: [], votes: 0, signal: undefined };
      await modelEdges({ ...quiet, tasks, targets: new Set([1, 2]), settings, cacheDir, objection });
    };
    for (const word of ["a", "b", "c"]) await ask(word);
    expect(expected.slice(0, 2)).toEqual([1_880, 1_880]);
    expect(expected[2]).toBeLessThan(1_880);
    const old = new Date(Date.now() - 31 * 86_400_000);
    writeFileSync(join(cacheDir, `${"0".repeat(16)}-times.json`), "{}");
    utimesSync(join(cacheDir, `${"0".repeat(16)}-times.json`), old, old);
    await ask("d");
    expect(readdirSync(cacheDir).filter((name) => name.includes("times"))).toHaveLength(1);
  });
});

async function disposable() {
  const server = await startFakeModelServer((_, body) => trueAnswer(body));
  return { ...server, [Symbol.asyncDispose]: server.close };
}
