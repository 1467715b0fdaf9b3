import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openLearned } from "./learned.ts";

const folder = mkdtempSync(join(tmpdir(), "learned-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = { reads: ["a"], writes: ["b/c"] };

describe("what was learned", () => {
  it("is there in the next run", () => {
    const path = join(folder, "kept.json");
    const learned = openLearned(path);
    learned.record("task", files);
    learned.record("blind", { reads: null, writes: [] });
    expect(learned.save()).toBeNull();
    const next = openLearned(path);
    expect(next.note).toBeNull();
    expect(next.find("task")).toEqual(files);
    expect(next.find("blind")).toEqual({ reads: null, writes: [] });
    expect(next.find("other")).toBeNull();
  });

  it("is not written again when it has not changed", () => {
    const path = join(folder, "same.json");
    const learned = openLearned(path);
    learned.record("task", files);
    learned.save();
    writeFileSync(path, readFileSync(path, "utf8").replace("b/c", "b/d"));
    learned.record("task", { ...files });
    expect(learned.save()).toBeNull();
    expect(readFileSync(path, "utf8")).toContain("b/d");
  });

  it("forgets a task that touches too many paths, and the oldest of too many tasks", () => {
    const path = join(folder, "many.json");
    const learned = openLearned(path);
    learned.record("task", files);
    learned.record("task", { reads: Array.from({ length: 2_001 }, (_, i) => `${i}`), writes: [] });
    expect(learned.find("task")).toBeNull();
    for (let i = 0; i <= 10_000; i++) learned.record(`t${i}`, files);
    learned.save();
    const next = openLearned(path);
    expect([next.find("t0"), next.find("t1"), next.find("t10000")]).toEqual([null, files, files]);
  });

  it.each(["{", "null", '{"schema":2,"tasks":[]}', '{"schema":1,"tasks":[["a",{"reads":1,"writes":[]}]]}'])(
    "counts as empty, with a note, where the file is %s",
    (text) => {
      const path = join(folder, "bad.json");
      writeFileSync(path, text);
      const learned = openLearned(path);
      expect(learned.note).toMatch(/^Dependencies learned in earlier runs are not known: /);
      expect(learned.find("a")).toBeNull();
    },
  );
});
