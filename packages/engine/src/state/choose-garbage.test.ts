import { describe, expect, test } from "vitest";
import { chooseGarbage, type GarbageRules } from "./choose-garbage.ts";
import type { RunState, RunStateStatus } from "./run-states.ts";

const DAY = 86_400_000;
const NOW = 1_000 * DAY;
const RULES: GarbageRules = { olderThanMs: 0, keep: 0, maxBytes: null, all: false };

const aged = (id: string, days: number, status: RunStateStatus = "succeeded", bytes = 10): RunState => ({
  ...{ id, folder: `/runs/${id}`, status, dir: "/d", bytes, parts: {} },
  startedAt: NOW - days * DAY,
  lastAt: status === "unknown" ? null : NOW - days * DAY,
});

const gone = (runs: readonly RunState[], rules: Partial<GarbageRules> = {}): string =>
  chooseGarbage(runs, { ...RULES, ...rules }, NOW)
    .go.map(({ id }) => id)
    .join(" ");

describe("which runs' state may go", () => {
  const succeeded = [aged("old", 40), aged("week", 8), aged("new", 0)];

  test("all that succeeded, and with an age only those that are as old", () => {
    expect(gone(succeeded)).toBe("old week new");
    expect(gone(succeeded, { olderThanMs: 7 * DAY })).toBe("old week");
    expect(gone(succeeded, { olderThanMs: 8 * DAY })).toBe("old week");
    expect(gone(succeeded, { olderThanMs: 8 * DAY + 1 })).toBe("old");
  });

  test("the last ones stay when that is asked for, runs without a journal not counted", () => {
    expect(gone(succeeded, { keep: 2 })).toBe("old");
    expect(gone(succeeded, { keep: 9 })).toBe("");
    expect(gone([aged("odd", 0, "unknown"), ...succeeded], { keep: 2 })).toBe("old");
  });

  test("with a size the oldest go until the rest fits", () => {
    expect(gone(succeeded, { maxBytes: 20 })).toBe("old");
    expect(gone(succeeded, { maxBytes: 19 })).toBe("old week");
    expect(gone(succeeded, { maxBytes: 30 })).toBe("");
  });

  test("what stays for another reason counts towards the size", () => {
    const runs = [aged("failed", 20, "failed", 100), ...succeeded];
    expect(gone(runs, { maxBytes: 100 })).toBe("old week new");
  });

  test.each(["failed", "partial", "cancelled", "suspended", "budget-exhausted", "unfinished"] as const)(
    "a run that is %s stays for 30 days, unless all are asked for",
    (status) => {
      const runs = [aged("past", 30, status), aged("recent", 29.9, status)];
      expect(gone(runs)).toBe("past");
      expect(gone(runs, { olderThanMs: DAY })).toBe("past");
      expect(gone(runs, { all: true })).toBe("past recent");
      expect(gone(runs, { all: true, olderThanMs: 29.95 * DAY })).toBe("past");
    },
  );

  test("what has no journal stays whatever is asked for", () => {
    const { go, stay } = chooseGarbage([aged("odd", 99, "unknown")], { ...RULES, all: true }, NOW);
    expect(go).toEqual([]);
    expect(stay[0]!.why).toBe("it has no journal that can be read");
  });
});
