import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, type EventBody, isSheafError, type RunEvent, runId, systemClock } from "@sheaf/core";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Journal, type JournalOptions, openJournal } from "./journal.ts";
import { readJournal } from "./read-journal.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "journal-"));
  path = join(folder, "journal.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(options: Partial<JournalOptions> = {}): Journal {
  let time = 1000;
  const clock: Clock = { ...systemClock, now: () => time++ };
  return openJournal({ path, runId: runId("r"), clock, ...options });
}

const said = (message: string): EventBody => ({ type: "run.cancelling", message });
const text = (): string => readFileSync(path, "utf8");
const errorOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("append", () => {
  it("numbers the events without gaps, gives them the clock's time, and returns them (1)", () => {
    const journal = open();
    const first = journal.append(said("a"));
    expect(first).toEqual({ seq: 0, at: 1000, runId: "r", type: "run.cancelling", message: "a" });
    expect(journal.append(said("b"))).toMatchObject({ seq: 1, at: 1001 });
    expect(journal.events()).toEqual([first, expect.objectContaining({ seq: 1 })]);
    journal.close();
    expect(readJournal(path)).toEqual({ events: journal.events(), torn: false });
    expect(text().startsWith('{"seq":0,"at":1000,"runId":"r",')).toBe(true);
  });

  it("gives an event of another run this run's number, time and id", () => {
    const journal = open({ path: null });
    const foreign: RunEvent = { seq: 77, at: 5, runId: runId("other"), type: "run.cancelling", message: "" };
    expect(journal.append(foreign)).toMatchObject({ seq: 0, at: 1000, runId: "r" });
  });

  it("writes the lines of one turn of the event loop together at its end", async () => {
    const journal = open();
    journal.append(said("a"));
    journal.append(said("b"));
    expect(text()).toBe("");
    await nextTurn();
    expect(readJournal(path).events).toEqual(journal.events());
    journal.append(said("c"));
    await nextTurn();
    expect(readJournal(path).events.length).toBe(3);
    journal.close();
  });

  it("writes at once what becomes too much to hold", () => {
    const journal = open();
    for (let i = 0; i < 12; i++) journal.append(said("x".repeat(100_000)));
    expect(readJournal(path).events.length).toBeGreaterThan(9);
    journal.close();
    expect(readJournal(path).events.length).toBe(12);
  });

  it("keeps the events in memory alone where there is no path", async () => {
    const journal = open({ path: null });
    journal.append(said("a"));
    journal.flush();
    await journal.sync();
    journal.close();
    expect(journal.fault).toBeNull();
    expect(journal.events().length).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("returns an event after close, and keeps it nowhere", () => {
    const journal = open();
    journal.append(said("a"));
    journal.close();
    expect(journal.append(said("late"))).toMatchObject({ seq: 1, message: "late" });
    journal.flush();
    journal.close();
    expect(journal.events().length).toBe(1);
    expect(readJournal(path).events.length).toBe(1);
  });
});

describe("flush and sync", () => {
  it("have written all lines when they are done", async () => {
    const journal = open();
    journal.append(said("a"));
    journal.flush();
    expect(readJournal(path).events.length).toBe(1);
    journal.append(said("b"));
    const first = journal.sync();
    expect(readJournal(path).events.length).toBe(2);
    journal.append(said("c"));
    await Promise.all([first, journal.sync(), journal.sync()]);
    expect(readJournal(path).events.length).toBe(3);
    expect(journal.fault).toBeNull();
    journal.close();
  });

  it("may be under way when the journal is closed, and the descriptor is given back after them", async () => {
    const descriptors = (): number => (existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0);
    const before = descriptors();
    for (let i = 0; i < 40; i++) {
      const journal = open({ path: join(folder, `${i}.jsonl`) });
      journal.append(said("a"));
      const synced = [journal.sync(), journal.sync()];
      journal.close();
      await Promise.all(synced);
      await nextTurn();
      expect(journal.fault).toBeNull();
    }
    expect(descriptors() - before).toBeLessThan(20);
  });
});

describe("a file that fails", () => {
  const fallback = (journal: Journal) => journal.events().filter((event) => event.type === "run.fallback");

  it("does not keep the run from starting; the first event stays the first (2)", async () => {
    const journal = open({ path: join(folder, "absent", "journal.jsonl") });
    expect(journal.fault?.message).toContain("ENOENT");
    journal.append(said("a"));
    await nextTurn();
    journal.append(said("b"));
    await journal.sync();
    journal.close();
    expect(journal.events().map(({ type }) => type)).toEqual([
      "run.cancelling",
      "run.fallback",
      "run.cancelling",
    ]);
    expect(journal.events().map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(fallback(journal)).toMatchObject([{ part: "journal", reason: expect.stringContaining("ENOENT") }]);
  });

  it.runIf(existsSync("/dev/full"))("is told once, in memory, when the disk is full (2)", async () => {
    const journal = open({ path: "/dev/full" });
    const reader = journal.follow(1)[Symbol.asyncIterator]();
    expect(journal.fault).toBeNull();
    journal.append(said("a"));
    journal.flush();
    expect(journal.fault?.message).toContain("ENOSPC");
    for (let i = 0; i < 3; i++) {
      journal.append(said("b"));
      journal.flush();
    }
    await journal.sync();
    expect(fallback(journal).length).toBe(1);
    expect((await reader.next()).value).toMatchObject({ seq: 1, type: "run.fallback" });
    expect(journal.events().map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
    journal.close();
  });

  it("is noticed when it was removed, though the kernel goes on taking the lines (2)", () => {
    const journal = open();
    journal.append(said("a"));
    journal.flush();
    rmSync(path);
    journal.append(said("b"));
    journal.flush();
    expect(journal.fault?.message).toBe("the file was removed");
    expect(fallback(journal).length).toBe(1);
    expect(existsSync(path)).toBe(false);
    journal.close();
  });
});

describe("going on with a journal", () => {
  it("appends after the last whole line wherever the file was cut", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }), fc.nat(), (messages, at) => {
        rmSync(path, { force: true });
        const before = open();
        for (const message of messages) before.append(said(message));
        before.close();
        const size = Buffer.byteLength(text());
        truncateSync(path, at % (size + 1));
        const kept = readJournal(path).events;
        const after = open({ nextSeq: kept.length });
        const added = after.append(said("on"));
        after.close();
        expect(after.fault).toBeNull();
        expect(readJournal(path)).toEqual({ events: [...kept, added], torn: false });
        expect(kept).toEqual(before.events().slice(0, kept.length));
      }),
    );
  });

  it("cuts off a last line that is no JSON, as readJournal leaves it out", () => {
    const before = open();
    before.append(said("x".repeat(200_000)));
    before.close();
    appendFileSync(path, "\0\0\0\0\n");
    const after = open({ nextSeq: readJournal(path).events.length });
    after.append(said("on"));
    after.close();
    expect(readJournal(path)).toMatchObject({ torn: false, events: [{ seq: 0 }, { seq: 1 }] });
  });

  it("follows from the first event of its own", async () => {
    open().close();
    const before = open();
    before.append(said("a"));
    before.close();
    const journal = open({ nextSeq: 1 });
    journal.append(said("b"));
    journal.close();
    const seen: number[] = [];
    for await (const { seq } of journal.follow()) seen.push(seq);
    expect(seen).toEqual([1]);
  });

  it("refuses to write a second run into the file of a first", () => {
    const before = open();
    before.append(said("a"));
    before.close();
    expect(
      isSheafError(
        errorOf(() => open()),
        "RUN_EXISTS",
      ),
    ).toBe(true);
    expect(readJournal(path).events.length).toBe(1);
  });

  it("refuses a number that would leave a gap or come twice", () => {
    const before = open();
    for (const message of ["a", "b"]) before.append(said(message));
    before.close();
    for (const nextSeq of [1, 3]) {
      const error = errorOf(() => open({ nextSeq }));
      if (!isSheafError(error, "JOURNAL_DAMAGED")) throw new Error(`accepted ${nextSeq}`);
      expect(error.details.problem).toBe(`its last event has seq 1, and the next is to have seq ${nextSeq}`);
    }
    expect(
      isSheafError(
        errorOf(() => open({ nextSeq: -1 })),
        "OPTION_INVALID",
      ),
    ).toBe(true);
    expect(readJournal(path).events.length).toBe(2);
  });
});

describe("follow", () => {
  it("gives a live reader every event up to the close, without a file as well", async () => {
    const journal = open({ path: null });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of journal.follow()) seen.push(event.type);
    })();
    journal.append(said("a"));
    await nextTurn();
    expect(seen.length).toBe(1);
    journal.append(said("b"));
    journal.close();
    await reading;
    expect(seen.length).toBe(2);
  });

  it("ends when its signal is aborted", async () => {
    const journal = open({ path: null });
    const controller = new AbortController();
    const next = journal.follow(0, { signal: controller.signal })[Symbol.asyncIterator]().next();
    controller.abort();
    expect((await next).done).toBe(true);
  });

  it.each([-1, 0.5, Number.NaN])("refuses to start at %s", (from) => {
    const journal = open({ path: null });
    expect(
      isSheafError(
        errorOf(() => journal.follow(from)),
        "OPTION_INVALID",
      ),
    ).toBe(true);
  });
});
