import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { runId } from "@sheaf/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openJournalFile } from "./journal-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "journal-file-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const place = (path: string, nextSeq = 0) => ({ path, runId: runId("r"), nextSeq });

it("a torn line is cut off however the pieces fall in which its start is looked for", () => {
  const path = join(folder, "torn.jsonl");
  for (const length of [1, 65_534, 65_535, 65_536, 65_537, 65_538, 131_071, 131_072, 131_073]) {
    writeFileSync(path, `{"seq":0}\n{"seq":1}\n${"x".repeat(length)}`);
    const file = openJournalFile(place(path, 2));
    file.write('{"seq":2}\n');
    file.close();
    expect(file.fault).toBeNull();
    expect(readFileSync(path, "utf8")).toBe('{"seq":0}\n{"seq":1}\n{"seq":2}\n');
  }
});

it("a last line of any length is found whole", () => {
  const path = join(folder, "long.jsonl");
  for (const length of [65_500, 65_536, 131_072, 300_000]) {
    const lines = `{"seq":0}\n{"seq":1,"text":"${"ä".repeat(length)}"}\n`;
    writeFileSync(path, lines);
    openJournalFile(place(path, 2)).close();
    expect(readFileSync(path, "utf8")).toBe(lines);
  }
});

it("a file with nothing but a torn first line starts anew", () => {
  const path = join(folder, "first.jsonl");
  for (const torn of ['{"seq', "\0\0\0\n"]) {
    writeFileSync(path, torn);
    const file = openJournalFile(place(path));
    file.write('{"seq":0}\n');
    file.close();
    expect(readFileSync(path, "utf8")).toBe('{"seq":0}\n');
  }
});

it("a last line that is JSON but no event is refused, not cut off", () => {
  const path = join(folder, "other.jsonl");
  writeFileSync(path, '{"seq":0}\n');
  appendFileSync(path, "[1]\n");
  expect(() => openJournalFile(place(path, 2))).toThrow("its last event has seq unknown");
  expect(readFileSync(path, "utf8")).toBe('{"seq":0}\n[1]\n');
});

it.runIf(existsSync("/dev/full") && existsSync("/proc/self/fd"))(
  "a file that cannot be written any more gives its descriptor back (3)",
  async () => {
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    for (let i = 0; i < 40; i++) {
      const file = openJournalFile(place("/dev/full"));
      file.write("x");
      expect(file.fault?.message).toContain("ENOSPC");
      file.write("y");
      await file.sync();
    }
    await nextTurn();
    expect(descriptors() - before).toBeLessThan(20);
  },
);
