// Random interleavings of up to 128 calls, compared with a list of all that was ever booked.
import type { Budget, BudgetAlert } from "@sheaf/core";
import { cases, FakeClock } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { usdToPico } from "../money.ts";
import type { BudgetHold } from "./counted-call.ts";
import { openBudgets, type SpentCall } from "./open-budgets.ts";

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const CONCURRENT = 128;

const heading = fc.constantFrom<Pick<Budget, "route" | "tag">>({}, { route: "a" }, { tag: "x" });
const budget: fc.Arbitrary<Budget> = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 1, max: 120 }).map((cents) => ({ usd: cents / 100 })),
      fc.integer({ min: 1, max: 1_200_000 }).map((tokens) => ({ tokens })),
    ),
    fc.constantFrom<Budget["window"]>("run", "day", "24h", "month"),
    heading,
  )
  .map(([limit, window, more]) => ({ limit, window, ...more }));

// Odd pico-dollars, so that a sum in floating point would not be exact.
const hold: fc.Arbitrary<BudgetHold> = fc.record({
  route: fc.constantFrom("a", "b"),
  tags: fc.constantFrom<readonly string[]>([], ["x"], ["x", "y"]),
  holdPico: fc.bigInt({ min: 0n, max: 10_000_000_007n }),
  holdTokens: fc.nat({ max: 9_000 }),
  isBounded: fc.constant(true),
});

const reserved = hold.map((call) => ({ do: "reserve" as const, call }));

const step = fc.oneof(
  { weight: 6, arbitrary: reserved },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      which: fc.nat(),
      share: fc.nat({ max: 100 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(1, 59_999, MINUTE, 61_001, 3_600_000, 5 * 3_600_000, DAY - 1, DAY),
    }),
  },
);

const steps = fc
  .tuple(
    fc.array(reserved, { minLength: CONCURRENT, maxLength: CONCURRENT }),
    fc.array(step, { minLength: 100, maxLength: 400, size: "max" }),
  )
  .map(([first, more]) => [...first, ...more]);

const START = Date.UTC(2027, 1, 26, 23, 58, 30);

/** Tells whether what was booked then counts in the window now, by the words of the glossary. */
function counts({ window }: Budget, at: number, now: number): boolean {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  if (window === "day") return day(at) === day(now);
  if (window === "month") return day(at).slice(0, 7) === day(now).slice(0, 7);
  const endOfMinute = at - (at % MINUTE) + MINUTE;
  return window === "run" || endOfMinute > now - DAY;
}

const covers = ({ route, tag }: Budget, call: Pick<BudgetHold, "route" | "tags">): boolean =>
  (route === undefined || route === call.route) && (tag === undefined || call.tags.includes(tag));
const part = (budget: Budget, pico: bigint, tokens: number): bigint =>
  "usd" in budget.limit ? pico : BigInt(tokens);
const limitOf = ({ limit }: Budget): bigint => ("usd" in limit ? usdToPico(limit.usd) : BigInt(limit.tokens));
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((all, each) => all + each, 0n);

it("holds each limit, sums to the last pico-dollar, and refuses just what has no room (B1, B2, B3)", () => {
  const property = fc.property(fc.array(budget, { minLength: 1, maxLength: 5 }), steps, (budgets, moves) => {
    const clock = new FakeClock(START);
    const alerts: BudgetAlert[] = [];
    const opened = openBudgets({ budgets, clock, onAlert: (alert) => alerts.push(alert) });
    const booked: SpentCall[] = [];
    const under: BudgetHold[] = [];
    const spentOf = (budget: Budget): bigint =>
      sum(
        booked
          .filter((call) => covers(budget, call) && counts(budget, call.at, clock.now()))
          .map((call) => part(budget, call.pico!, call.tokens!)),
      );
    const heldOf = (budget: Budget): bigint =>
      sum(
        under
          .filter((each) => covers(budget, each))
          .map((each) => part(budget, each.holdPico!, each.holdTokens)),
      );
    for (const each of moves) {
      if (each.do === "wait") clock.advance(each.ms);
      if (each.do === "reserve" && under.length < CONCURRENT) {
        const { call } = each;
        const lacking = budgets.filter(
          (one) =>
            covers(one, call) &&
            spentOf(one) + heldOf(one) + part(one, call.holdPico!, call.holdTokens) > limitOf(one),
        );
        const { hold: made, refusal } = opened.reserve(call);
        if (refusal === null ? lacking.length > 0 : !lacking.includes(refusal.budget)) {
          throw new Error(`${refusal?.message ?? "reserved"}; no room in ${JSON.stringify(lacking)}`);
        }
        if (made !== null) under.push(made);
      }
      if ((each.do === "settle" || each.do === "release") && under.length > 0) {
        const [ended] = under.splice(each.which % under.length, 1);
        if (each.do === "release") opened.release(ended!);
        else {
          const pico = (ended!.holdPico! * BigInt(each.share)) / 100n;
          const tokens = Math.floor((ended!.holdTokens * each.share) / 100);
          opened.settle(ended!, { pico, tokens });
          booked.push({ at: clock.now(), route: ended!.route, tags: ended!.tags, pico, tokens });
        }
      }
      for (const { budget: one, spent, held } of opened.standing()) {
        const exact = (amount: number): bigint => ("usd" in one.limit ? usdToPico(amount) : BigInt(amount));
        const all = exact(spent) + exact(held);
        if (exact(spent) === spentOf(one) && exact(held) === heldOf(one) && all <= limitOf(one)) continue;
        throw new Error(
          `${JSON.stringify(one)}: ${spent} spent, ${held} held; model ${spentOf(one)}, ${heldOf(one)}`,
        );
      }
    }
    for (const { spent, limit, percent } of alerts)
      expect(spent / limit).toBeGreaterThanOrEqual(percent! / 100);
  });
  fc.assert(property, cases({ ci: 15, deep: 1_000 }));
});

it("spends a budget to within what calls in turn hold, with 128 of them at once", () => {
  const clock = new FakeClock(START);
  const opened = openBudgets({ budgets: [{ limit: { usd: 1 }, window: "month" }], clock });
  const under: BudgetHold[] = [];
  const call = { route: "a", tags: [], holdPico: 10_000_000_007n, holdTokens: 1, isBounded: true };
  let spent = 0n;
  let refused = 0;
  for (let turn = 0; under.length > 0 || turn < 1_000; turn++) {
    while (under.length < CONCURRENT) {
      const { hold: made, refusal } = opened.reserve(call);
      if (made === null) {
        expect(refusal.reason).toBe(spent + call.holdPico > 10n ** 12n ? "spent" : "held");
        refused++;
        break;
      }
      under.push(made);
    }
    const ended = under.splice((turn * 7) % Math.max(1, under.length), 1)[0];
    if (ended === undefined) break;
    const pico = call.holdPico / BigInt(1 + (turn % 4));
    spent += pico;
    opened.settle(ended, { pico, tokens: 1 });
  }
  expect(refused).toBeGreaterThan(0);
  expect(usdToPico(opened.standing()[0]!.spent)).toBe(spent);
  expect(spent).toBeLessThanOrEqual(10n ** 12n);
  expect(spent + call.holdPico).toBeGreaterThan(10n ** 12n);
});
