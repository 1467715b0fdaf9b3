import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSheafError } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJournal, readJournalPart } from "./read-journal.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "read-journal-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const event = (seq: number, message = "hello") => ({
  seq,
  at: 1,
  runId: "r",
  type: "run.cancelling",
  message,
});
const text = (events: readonly unknown[]): string => events.map((e) => `${JSON.stringify(e)}\n`).join("");

function read(content: string | Uint8Array) {
  const path = join(folder, "journal.jsonl");
  writeFileSync(path, content);
  return readJournal(path);
}

function damage(content: string): { line: number; problem: string } {
  try {
    read(content);
  } catch (error) {
    if (isSheafError(error, "JOURNAL_DAMAGED")) return error.details;
  }
  throw new Error("the journal was accepted");
}

describe("readJournal", () => {
  it("returns all events in order", () => {
    const events = [event(0), event(1, "grüße 🌾\u2028"), event(2)];
    expect(read(text(events))).toEqual({ events, torn: false });
  });

  it("accepts an empty file", () => {
    expect(read("")).toEqual({ events: [], torn: false });
  });

  it("returns a prefix of the events wherever the file is cut, and says when a line was torn", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 6 }), fc.nat(), (messages, at) => {
        const events = messages.map((message, seq) => event(seq, message));
        const whole = Buffer.from(text(events));
        const cut = whole.subarray(0, at % (whole.length + 1));
        const lines = cut.filter((byte) => byte === 10).length;
        const torn = cut.length > 0 && cut.at(-1) !== 10;
        expect(read(cut)).toEqual({ events: events.slice(0, lines), torn });
      }),
      cases({ ci: 150, deep: 1_500 }),
    );
  });

  it("drops a line that was cut inside a character of several bytes", () => {
    const whole = Buffer.from(text([event(0), event(1, "🌾")]));
    const inside = whole.indexOf("🌾") + 2;
    expect(read(whole.subarray(0, inside))).toEqual({ events: [event(0)], torn: true });
  });

  it("takes a last line that is no JSON for torn, as after a power failure", () => {
    expect(read(`${text([event(0)])}\0\0\0\0\n`)).toEqual({ events: [event(0)], torn: true });
    expect(read("\n")).toEqual({ events: [], torn: true });
  });

  it("reads lines longer than the pieces in which it reads", () => {
    const events = [event(0, "ä".repeat(800_000)), event(1, "🌾".repeat(700_000)), event(2)];
    expect(read(text(events))).toEqual({ events, torn: false });
  });

  it("names the line that is damaged, and how", () => {
    const first = text([event(0)]);
    expect(damage(`${first}{"seq":1,\n${text([event(2)])}`)).toMatchObject({
      line: 2,
      problem: "it is no JSON",
    });
    expect(damage(`${first}nonsense\n{"seq":2`)).toMatchObject({ line: 2, problem: "it is no JSON" });
    expect(damage(text([event(0), event(2)]))).toMatchObject({
      line: 2,
      problem: "its seq is 2 where 1 was due",
    });
    expect(damage(text([event(1)]))).toMatchObject({ line: 1, problem: "its seq is 1 where 0 was due" });
    expect(damage(text([event(0), event(0)]))).toMatchObject({ line: 2 });
    expect(damage(`${first}{"seq":1}\n`)).toMatchObject({ line: 2, problem: "its event has no type" });
    expect(damage("null\n")).toMatchObject({ line: 1, problem: "it is null, not an event" });
    expect(damage("[]\n")).toMatchObject({ line: 1, problem: "it is an array, not an event" });
  });

  it("passes on that there is no file", () => {
    expect(() => readJournal(join(folder, "absent.jsonl"))).toThrow("ENOENT");
  });
});

describe("readJournalPart", () => {
  it("goes on where the part before ended, whatever was cut off meanwhile", () => {
    const path = join(folder, "parts.jsonl");
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        (messages, at, most) => {
          const events = messages.map((message, seq) => event(seq, message));
          const whole = Buffer.from(text(events));
          writeFileSync(path, whole.subarray(0, at % (whole.length + 1)));
          const read = [];
          let from = { seq: 0, bytes: 0 };
          for (let isWhole = false; ; ) {
            const part = readJournalPart(path, { from, most });
            expect(part.events.length).toBeLessThanOrEqual(most);
            read.push(...part.events);
            from = part.next;
            if (!part.ended) continue;
            if (isWhole) break;
            writeFileSync(path, whole);
            isWhole = true;
          }
          expect(read).toEqual(events);
          expect(from).toEqual({ seq: events.length, bytes: whole.length });
        },
      ),
      cases({ ci: 40, deep: 1_000 }),
    );
  });

  it("names the line of the whole journal", () => {
    const path = join(folder, "damaged.jsonl");
    writeFileSync(path, text([event(0), event(1), event(1)]));
    const { next } = readJournalPart(path, { most: 1 });
    expect(() => readJournalPart(path, { from: next })).toThrow(/line 3/);
    for (const bytes of [next.bytes - 1, next.bytes + 1]) {
      expect(() => readJournalPart(path, { from: { seq: 1, bytes } })).toThrow(/line 2: the line before it/);
    }
  });
});
