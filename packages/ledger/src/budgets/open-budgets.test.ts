import type { Budget, BudgetAlert } from "@sheaf/core";
import { FakeClock } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import type { BudgetHold } from "./counted-call.ts";
import { type Budgets, openBudgets, type SpentCall } from "./open-budgets.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CENT = 10n ** 10n;
// A Tuesday: a day and 23 hours before the month is over.
const START = Date.UTC(2026, 10, 29, 1);

const usd = (dollars: number, more: Partial<Budget> = {}): Budget => ({
  ...{ limit: { usd: dollars }, window: "run" },
  ...more,
});
const call = (cents: number | null, more: Partial<BudgetHold> = {}): BudgetHold => ({
  ...{ route: "default", tags: [], holdTokens: 100, isBounded: true },
  holdPico: cents === null ? null : BigInt(cents) * CENT,
  ...more,
});
const used = (cents: number | null, tokens: number | null = 100) => ({
  pico: cents === null ? null : BigInt(cents) * CENT,
  tokens,
});
const past = (at: number, cents: number): SpentCall => ({ at, route: "default", tags: [], ...used(cents) });

function open(budgets: readonly Budget[], more: Partial<Parameters<typeof openBudgets>[0]> = {}) {
  const clock = new FakeClock(START);
  const alerts: BudgetAlert[] = [];
  const opened = openBudgets({ budgets, clock, onAlert: (alert) => alerts.push(alert), ...more });
  return { clock, alerts, opened };
}

function spend(opened: Budgets, cents: number): void {
  const { hold } = opened.reserve(call(cents));
  opened.settle(hold!, used(cents));
}

const refusalOf = (opened: Budgets, asked: BudgetHold) => opened.reserve(asked).refusal;

describe("a reservation", () => {
  it("is refused while calls under way hold what is left, and made when they have used less (B1)", () => {
    const { opened } = open([usd(1)]);
    const { hold } = opened.reserve(call(60));
    expect(refusalOf(opened, call(41))).toEqual({
      ...{ reason: "held", budget: usd(1), limit: 1, spent: 0, held: 0.6, asked: 0.41, until: null },
      message:
        "This call may use $0.41. Of the budget of $1.00 a run, $0.00 is spent and $0.60 is held for calls under way. Try again when these are over.",
    });
    expect(opened.reserve(call(40)).refusal).toBeNull();
    opened.settle(hold!, used(59));
    expect(opened.reserve(call(1)).refusal).toBeNull();
    expect(refusalOf(opened, call(1))?.reason).toBe("held");
    expect(opened.standing()).toMatchObject([{ limit: 1, spent: 0.59, held: 0.41 }]);
  });

  it("is refused where it never fits, with what helps", () => {
    const { opened } = open([usd(1)]);
    expect(refusalOf(opened, call(101))).toMatchObject({
      reason: "spent",
      until: null,
      message: expect.stringContaining("Bound the length of its answer, or raise the budget"),
    });
    spend(opened, 99);
    expect(refusalOf(opened, call(2))).toMatchObject({
      reason: "spent",
      message: expect.stringContaining(
        "To go on, raise the budget where it was set (`sheaf budget set`, SHEAF_BUDGET or the option `budgets`).",
      ),
    });
  });

  it("counts in all budgets that cover it, or in none (B3)", () => {
    const route = usd(1, { route: "writing" });
    const tag = { limit: { tokens: 150 }, window: "day", tag: "gpu" } as const;
    const { opened } = open([usd(2), route, tag]);
    const both = call(10, { route: "writing", tags: ["cpu", "gpu"] });
    const { hold } = opened.reserve(both);
    expect(opened.standing().map(({ held }) => held)).toEqual([0.1, 0.1, 100]);
    expect(refusalOf(opened, both)?.budget).toEqual(tag);
    expect(opened.standing().map(({ held }) => held)).toEqual([0.1, 0.1, 100]);
    opened.settle(hold!, used(5, 80));
    expect(opened.standing().map(({ spent, held }) => [spent, held])).toEqual([
      [0.05, 0],
      [0.05, 0],
      [80, 0],
    ]);
    expect(opened.reserve(call(150)).refusal).toBeNull();
  });

  it("names the refusal that lasts longest, so that nobody waits for what does not come", () => {
    const { opened } = open([usd(3), usd(1, { window: "day" }), usd(2, { window: "month" })]);
    spend(opened, 100);
    const { hold } = opened.reserve(call(0));
    expect(hold).not.toBeNull();
    expect(refusalOf(opened, call(50))).toMatchObject({
      reason: "spent",
      until: Date.UTC(2026, 10, 30),
      message: expect.stringContaining("Wait until 2026-11-30 00:00 UTC, or raise the budget"),
    });
    expect(refusalOf(opened, call(101))?.budget.window).toBe("day"); // never fits there
  });

  it("names one that waiting does not help against before one that it does", () => {
    const { opened } = open([{ limit: { tokens: 250 }, window: "run" }, usd(1)]);
    spend(opened, 10);
    opened.reserve(call(5));
    expect(refusalOf(opened, call(80))).toMatchObject({ reason: "held", asked: 100 });
    expect(refusalOf(opened, call(95))).toMatchObject({ reason: "spent", asked: 0.95 });
    expect(refusalOf(opened, call(null))).toMatchObject({ reason: "unpriced" });
  });

  it("without a known price is refused by budgets in USD, and by no others (B4)", () => {
    const tokens: Budget = { limit: { tokens: 1_000 }, window: "run" };
    const { opened } = open([tokens, usd(1, { route: "writing" })]);
    expect(opened.reserve(call(null)).refusal).toBeNull();
    expect(refusalOf(opened, call(null, { route: "writing" }))).toMatchObject({
      ...{ reason: "unpriced", asked: null },
      message: expect.stringMatching(
        /^Nobody knows what this call costs.*`prices` \(SHEAF_PRICES\).*in tokens\.$/,
      ),
    });
  });

  it("without a bound is made and told, once a window (B4)", () => {
    const { opened, alerts, clock } = open([usd(1, { window: "day" })]);
    const unbounded = () => opened.reserve(call(1, { isBounded: false })).hold!;
    const hold = unbounded();
    unbounded();
    expect(alerts).toMatchObject([{ reason: "unbounded", percent: null }]);
    expect(alerts[0]!.message).toContain("$1.00 a day, which may be overshot");
    opened.settle(hold, used(150));
    expect(refusalOf(opened, call(0))).toMatchObject({ reason: "spent", spent: 1.5 });
    clock.advance(DAY);
    unbounded();
    expect(alerts.filter(({ reason }) => reason === "unbounded")).toHaveLength(2);
  });
});

describe("a hold", () => {
  it("ends once (B3)", () => {
    const { opened } = open([usd(1)]);
    const [first, second] = [opened.reserve(call(10)).hold!, opened.reserve(call(20)).hold!];
    opened.settle(first, used(5));
    opened.settle(first, used(5));
    opened.release(first);
    opened.release(second);
    opened.settle(second, used(20));
    expect(opened.standing()).toMatchObject([{ spent: 0.05, held: 0 }]);
  });

  it("counts as used where nobody knows what was used", () => {
    const { opened } = open([usd(1), { limit: { tokens: 1_000 }, window: "run" }]);
    opened.settle(opened.reserve(call(10)).hold!, { pico: null, tokens: null });
    expect(opened.standing()).toMatchObject([
      { spent: 0.1, held: 0, unknownCalls: 0 },
      { spent: 100, held: 0, unknownCalls: 0 },
    ]);
  });

  it("counts in the next window too, where what it used is booked (B2)", () => {
    const { opened, clock } = open([usd(1, { window: "day" })]);
    spend(opened, 40);
    const { hold } = opened.reserve(call(60));
    clock.advance(DAY);
    expect(opened.standing()).toMatchObject([{ spent: 0, held: 0.6 }]);
    expect(refusalOf(opened, call(41))).toMatchObject({ reason: "held" });
    opened.settle(hold!, used(50));
    expect(opened.standing()).toMatchObject([{ spent: 0.5, held: 0 }]);
  });
});

describe("what is booked without a hold", () => {
  it("counts, and is told of where nobody knows how much", () => {
    const { opened, alerts } = open([usd(1), { limit: { tokens: 1_000 }, window: "run" }]);
    const headings = { route: "default", tags: [] };
    opened.book({ ...headings, pico: 90n * CENT, tokens: null });
    opened.book({ ...headings, pico: null, tokens: 5 });
    opened.book({ ...headings, pico: null, tokens: 5 });
    expect(opened.standing()).toMatchObject([
      { spent: 0.9, unknownCalls: 2 },
      { spent: 10, unknownCalls: 1 },
    ]);
    expect(alerts.map(({ reason, percent }) => percent ?? reason)).toEqual([75, 90, "unknown", "unknown"]);
    expect(alerts[2]!.message).toContain("nobody knows what it used. Have its tokens recorded");
    expect(alerts[3]!.message).toContain("nobody knows what it costs. Give its model a price");
  });
});

describe("a window", () => {
  it("of the calendar is over at midnight in UTC, or with the month, also where the clock is set back (B5)", () => {
    const { opened, clock } = open([usd(9, { window: "day" }), usd(9, { window: "month" }), usd(9)]);
    const spent = () => opened.standing().map((each) => each.spent);
    spend(opened, 100);
    expect(opened.standing().map(({ until }) => until)).toEqual([
      Date.UTC(2026, 10, 30),
      Date.UTC(2026, 11, 1),
      null,
    ]);
    clock.advance(23 * HOUR - 1);
    expect(spent()).toEqual([1, 1, 1]);
    clock.advance(1);
    expect(spent()).toEqual([0, 1, 1]);
    spend(opened, 200);
    clock.advance(-HOUR);
    expect(spent()).toEqual([2, 3, 3]);
    clock.advance(HOUR + DAY);
    expect(spent()).toEqual([0, 0, 3]);
    clock.advance(-HOUR);
    spend(opened, 300);
    clock.advance(HOUR);
    expect(spent()).toEqual([3, 3, 6]);
  });

  it("of 24 hours forgets a minute when all of it is past, never earlier", () => {
    const { opened, clock } = open([usd(1, { window: "24h" })]);
    clock.advance(30_000);
    spend(opened, 30);
    clock.advance(MINUTE);
    spend(opened, 60);
    clock.advance(DAY - MINUTE);
    expect(opened.standing()).toMatchObject([{ spent: 0.9, until: null, projection: null }]);
    const until = START + DAY + MINUTE;
    expect(refusalOf(opened, call(15))).toMatchObject({ reason: "spent", until });
    expect(refusalOf(opened, call(41))).toMatchObject({ reason: "spent", until: until + MINUTE });
    clock.advance(until - clock.now() - 1);
    expect(opened.standing()).toMatchObject([{ spent: 0.9 }]);
    clock.advance(1);
    expect(opened.standing()).toMatchObject([{ spent: 0.6 }]);
    expect(opened.reserve(call(15)).refusal).toBeNull();
  });

  it("counts what earlier runs have spent in it; of a run what its earlier sessions have", () => {
    const budgets = (["run", "day", "24h", "month"] as const).map((window) => usd(9, { window }));
    const spent = [past(START - 2 * HOUR, 20), past(START - HOUR, 10), past(START - 29 * DAY, 500)];
    const { opened } = open(budgets, { spent, spentByRun: [past(START - 40 * DAY, 300)] });
    expect(opened.standing().map((each) => each.spent)).toEqual([3, 0.1, 0.3, 0.3]);
  });

  it("is projected to its end at its pace so far, once that tells something", () => {
    const { opened, clock } = open([usd(9, { window: "day" }), usd(9, { window: "month" })]);
    const projections = () => opened.standing().map(({ projection }) => projection);
    spend(opened, 100);
    expect(projections()).toEqual([24, expect.closeTo(30 / (28 + 1 / 24), 9)]);
    clock.advance(5 * HOUR);
    expect(projections()[0]).toBe(4);
    clock.advance(18 * HOUR + 59 * MINUTE);
    expect(projections()[0]).toBeNull();
  });
});

describe("an alert", () => {
  it("is given at 75, 90 and 100 %, each once a window, the lower ones first", () => {
    const { opened, alerts, clock } = open([usd(1, { window: "day" })]);
    spend(opened, 74);
    expect(alerts).toEqual([]);
    spend(opened, 1);
    expect(alerts).toEqual([
      {
        ...{
          reason: "spent",
          percent: 75,
          budget: usd(1, { window: "day" }),
          limit: 1,
          spent: 0.75,
          held: 0,
        },
        message: "75 % of the budget of $1.00 a day is spent: $0.75.",
      },
    ]);
    spend(opened, 25);
    spend(opened, 0);
    clock.advance(DAY);
    spend(opened, 80);
    expect(alerts.map(({ percent }) => percent)).toEqual([75, 90, 100, 75]);
  });

  it("of 24 hours is given again after these", () => {
    const { opened, alerts, clock } = open([usd(1, { window: "24h" })]);
    spend(opened, 80);
    clock.advance(DAY);
    spend(opened, 0);
    expect(alerts).toHaveLength(1);
    clock.advance(2 * MINUTE);
    spend(opened, 80);
    expect(alerts).toHaveLength(2);
  });

  it("that earlier runs had is not given again", () => {
    const { opened, alerts } = open([usd(1, { window: "day" })], { spent: [past(START - 1, 80)] });
    spend(opened, 5);
    expect(alerts).toEqual([]);
    spend(opened, 5);
    expect(alerts.map(({ percent }) => percent)).toEqual([90]);
  });
});
