import type { Budget } from "@sheaf/core";
import { FakeClock } from "@sheaf/testkit";
import { expect, it } from "vitest";
import { BudgetCircle } from "./budget-circle.ts";
import type { BudgetHold } from "./counted-call.ts";
import { type Budgets, openBudgets } from "./open-budgets.ts";

const clock = new FakeClock(Date.UTC(2027, 0, 5));
const month: Budget = { limit: { tokens: 100 }, window: "month" };
const run: Budget = { limit: { tokens: 70 }, window: "run" };
const hold = (holdTokens: number): BudgetHold => ({
  ...{ route: "a", tags: [], holdPico: null, holdTokens, isBounded: true },
});
const open = (circle: BudgetCircle, budgets: readonly Budget[] = [month, run]): Budgets =>
  openBudgets({ budgets, clock, circle });
const usesOf = (budgets: Budgets) => budgets.standing().map(({ spent, held }) => [spent, held]);

it("has each run know what the others hold and spend, in windows that outlast a run (B6)", () => {
  const circle = new BudgetCircle();
  const [one, two] = [open(circle), open(circle)];
  const { hold: first } = one.reserve(hold(60));
  expect(usesOf(two)).toEqual([
    [0, 60],
    [0, 0],
  ]);
  expect(two.reserve(hold(50)).refusal).toMatchObject({ reason: "held", budget: month });
  one.settle(first!, { pico: null, tokens: 20 });
  one.book({ route: "a", tags: [], pico: null, tokens: 5 });
  expect([usesOf(one), usesOf(two)]).toEqual([
    [
      [25, 0],
      [25, 0],
    ],
    [
      [25, 0],
      [0, 0],
    ],
  ]);
  expect(two.reserve(hold(71)).refusal).not.toBeNull();
  expect(two.reserve(hold(70)).refusal).toBeNull();
});

it("tells a newcomer what is held, and takes back what a run held that leaves", () => {
  const circle = new BudgetCircle();
  const one = open(circle);
  one.reserve(hold(40));
  const two = open(circle);
  expect(usesOf(two)[0]).toEqual([0, 40]);
  one.close();
  expect(usesOf(two)[0]).toEqual([0, 0]);
  two.book({ route: "a", tags: [], pico: null, tokens: 9 });
  expect(usesOf(one)[0]).toEqual([0, 0]);
  expect([circle.isEmpty, circle.has(""), circle.has("r")]).toEqual([false, true, false]);
  two.close();
  expect(circle.isEmpty).toBe(true);
});

it("counts a call of another run whose price is not known as unknown", () => {
  const circle = new BudgetCircle();
  const one = open(circle);
  const two = open(circle, [{ limit: { usd: 1 }, window: "month" }]);
  const { hold: made } = one.reserve(hold(40));
  one.settle(made!, { pico: null, tokens: 40 });
  expect(two.standing()).toMatchObject([{ spent: 0, held: 0, unknownCalls: 1 }]);
});
