import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDurations } from "./durations.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "durations-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const work = (taskId: string, agent = "coder") => ({ taskId, agent });

describe("estimateMs", () => {
  it("is what was measured for the same task and agent, else for the same agent, else unknown", () => {
    const durations = openDurations(null);
    durations.record({ ...work("fit"), latencyMs: 100 });
    durations.record({ ...work("plot"), latencyMs: 300 });
    expect(durations.estimateMs(work("fit"))).toBe(100);
    expect(durations.estimateMs(work("new"))).toBe(200);
    expect(durations.estimateMs(work("fit", "writer"))).toBeNull();
    expect(durations.save()).toBeNull();
  });

  it("is the median of the last nine measurements", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 30 }), (measured) => {
        const durations = openDurations(null);
        for (const latencyMs of measured) durations.record({ ...work("a"), latencyMs });
        const last = measured.slice(-9).sort((a, b) => a - b);
        const half = last.length / 2;
        const middle = last.length % 2 === 1 ? [last[half - 0.5]] : [last[half - 1], last[half]];
        const expected = middle.reduce<number>((sum, value) => sum + (value ?? 0), 0) / middle.length;
        expect(durations.estimateMs(work("a"))).toBe(expected);
      }),
    );
  });

  it("is not moved by one measurement that is far off", () => {
    const durations = openDurations(null);
    for (const latencyMs of [100, 110, 90_000, 105, 95]) durations.record({ ...work("a"), latencyMs });
    expect(durations.estimateMs(work("a"))).toBe(105);
  });

  it("leaves out figures that are no duration", () => {
    const durations = openDurations(null);
    for (const latencyMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      durations.record({ ...work("a"), latencyMs });
    }
    expect(durations.estimateMs(work("a"))).toBeNull();
  });

  it("keeps names apart whatever they contain", () => {
    const durations = openDurations(null);
    durations.record({ taskId: "a", agent: "b\nc", latencyMs: 1 });
    durations.record({ taskId: "__proto__", agent: "constructor", latencyMs: 2 });
    expect(durations.estimateMs(work("a", "b"))).toBeNull();
    expect(durations.estimateMs(work("a", "b\nc"))).toBe(1);
    expect(durations.estimateMs(work("__proto__", "constructor"))).toBe(2);
    expect(durations.estimateMs(work("constructor", "__proto__"))).toBeNull();
  });
});

describe("the file of durations", () => {
  it("brings back what was saved, in a folder that is made on first use", () => {
    const path = join(folder, "made", "durations.json");
    const first = openDurations(path);
    expect(first.note).toBeNull();
    for (const latencyMs of [5, 7]) first.record({ ...work("fit"), latencyMs });
    expect(first.save()).toBeNull();
    const second = openDurations(path);
    expect(second.note).toBeNull();
    expect(second.estimateMs(work("fit"))).toBe(6);
    expect(second.estimateMs(work("other"))).toBe(6);
    expect(readdirSync(join(folder, "made"))).toEqual(["durations.json"]);
  });

  it.each([
    ["no JSON", "{", "cannot be read"],
    ["nothing", "", "cannot be read"],
    ["null", "null", "schema undefined"],
    ["another schema", '{"schema":2,"latenciesMs":[]}', "schema 2"],
    ["no list", '{"schema":1}', "damaged"],
    ["a measurement that is no number", '{"schema":1,"latenciesMs":[["a\\nb",[1,"2"]]]}', "damaged"],
    ["a negative measurement", '{"schema":1,"latenciesMs":[["a\\nb",[-1]]]}', "damaged"],
    ["a key without measurements", '{"schema":1,"latenciesMs":[["a\\nb",[]]]}', "damaged"],
    ["an entry that is no pair", '{"schema":1,"latenciesMs":["a"]}', "damaged"],
  ])("counts as empty and says so when it holds %s, and is mended by the next save", (_, text, note) => {
    const path = join(folder, "damaged.json");
    writeFileSync(path, text);
    const durations = openDurations(path);
    expect(durations.note).toContain(note);
    expect(durations.estimateMs(work("a", "b"))).toBeNull();
    durations.record({ ...work("a", "b"), latencyMs: 3 });
    expect(durations.save()).toBeNull();
    expect(openDurations(path).estimateMs(work("a", "b"))).toBe(3);
  });

  it("is left alone by a save with nothing new", () => {
    const path = join(folder, "quiet.json");
    writeFileSync(path, "{");
    expect(openDurations(path).save()).toBeNull();
    expect(readFileSync(path, "utf8")).toBe("{");
  });

  it("keeps ten thousand names at most and forgets the one that was measured longest ago", () => {
    const path = join(folder, "many.json");
    const durations = openDurations(path);
    // One name is the agent's own, so 9,999 tasks fit.
    for (let i = 0; i < 9_999; i++) durations.record({ ...work(`t${i}`), latencyMs: 1 });
    for (let i = 0; i < 9; i++) durations.record({ ...work("t0"), latencyMs: 50 });
    expect(durations.estimateMs(work("t1"))).toBe(1);
    durations.record({ ...work("one-more"), latencyMs: 50 });
    expect(durations.save()).toBeNull();
    expect(JSON.parse(readFileSync(path, "utf8")).latenciesMs.length).toBe(10_000);
    const next = openDurations(path);
    expect(next.estimateMs(work("t0"))).toBe(50);
    expect(next.estimateMs(work("t2"))).toBe(1);
    expect(next.estimateMs(work("t1"))).toBe(next.estimateMs(work("never seen")));
  });

  it("holds at most twice as many in memory", () => {
    const durations = openDurations(null);
    for (let i = 0; i < 25_000; i++) durations.record({ ...work(`t${i}`), latencyMs: i < 3 ? 1 : 50 });
    expect(durations.estimateMs(work("t0"))).toBe(50);
    expect(durations.estimateMs(work("t24999"))).toBe(50);
  });

  it("reports a save that failed, leaves nothing behind and can be tried again", () => {
    const blocked = join(folder, "blocked");
    writeFileSync(blocked, "a file where a folder should be");
    const path = join(blocked, "durations.json");
    const durations = openDurations(path);
    durations.record({ ...work("a"), latencyMs: 1 });
    expect(durations.save()).toContain(`could not be saved to ${path}`);
    rmSync(blocked);
    expect(durations.save()).toBeNull();
    expect(openDurations(path).estimateMs(work("a"))).toBe(1);
  });
});
