import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Budget } from "@sheaf/core";
import { tempDir } from "@sheaf/testkit";
import { expect, it } from "vitest";
import { budgetsFile, keepBudgets, readBudgets } from "./budget-file.ts";
import { parseBudgets } from "./budget-text.ts";

const BUDGETS: readonly Budget[] = [
  { limit: { usd: 0.5 }, window: "run", route: "writing" },
  { limit: { tokens: 1 }, window: "24h" },
];

it("gives back what was kept, as a whole, and nothing where nothing was", () => {
  using folder = tempDir();
  const state = join(folder.path, "state");
  expect(readBudgets(state)).toEqual([]);
  keepBudgets(state, BUDGETS);
  keepBudgets(state, BUDGETS.slice(1));
  expect(readBudgets(state)).toEqual(BUDGETS.slice(1));
  expect(readdirSync(state)).toEqual(["budgets.json"]);
});

const file = (budget: unknown): string => JSON.stringify({ schema: 1, budgets: [budget] });
const one = { limit: { usd: 1 }, window: "day" };

it.each([
  ["", "it is no JSON"],
  ['{"schema":1,"budgets":[', "it is no JSON"],
  ["null", "expected `schema` to be 1, got undefined"],
  ["[]", "expected `schema` to be 1"],
  ['{"schema":2,"budgets":[]}', "expected `schema` to be 1, got 2"],
  ['{"schema":1}', "expected `budgets` to be a list, got undefined"],
  ['{"schema":1,"budgets":[],"budget":[]}', 'expected only schema and budgets, got "budget"'],
  [file(5), "budgets[0]: expected an object with `limit` and `window`, got 5"],
  [file({ ...one, limits: 1 }), 'expected only limit, window, route, tag, got "limits"'],
  [file({ ...one, limit: { usd: 0 } }), "expected `limit` to be"],
  [file({ ...one, limit: { usd: 1e-13 } }), "expected `limit` to be"],
  [file({ ...one, limit: { usd: "1" } }), "expected `limit` to be"],
  [file({ ...one, limit: { usd: 1, tokens: 1 } }), "expected `limit` to be"],
  [file({ ...one, limit: { tokens: 1.5 } }), "expected `limit` to be"],
  [file({ ...one, window: "week" }), 'one of run, day, 24h, month, got "week"'],
  [file({ ...one, route: "" }), 'expected `route` to be a text, got ""'],
  [file({ ...one, route: "a", tag: "b" }), "expected `route` or `tag`, got both"],
])("that says %s is an error, and never no budget", (text, problem) => {
  using folder = tempDir({ "budgets.json": text });
  expect(() => readBudgets(folder.path)).toThrow(
    expect.objectContaining({
      code: "BUDGETS_DAMAGED",
      details: { path: budgetsFile(folder.path), problem: expect.stringContaining(problem) },
    }),
  );
});

it("that cannot be read is an error, too, and one that cannot be replaced stays", () => {
  using folder = tempDir();
  mkdirSync(budgetsFile(folder.path));
  expect(() => readBudgets(folder.path)).toThrow(expect.objectContaining({ code: "BUDGETS_DAMAGED" }));
  expect(() => keepBudgets(folder.path, BUDGETS)).toThrow(expect.objectContaining({ code: "DIR_UNUSABLE" }));
  expect(readdirSync(folder.path)).toEqual(["budgets.json"]);
  writeFileSync(join(folder.path, "file"), "here");
  expect(() => keepBudgets(join(folder.path, "file"), BUDGETS)).toThrow("cannot be written");
  expect(readFileSync(join(folder.path, "file"), "utf8")).toBe("here");
  expect(readBudgets(join(folder.path, "file"))).toEqual([]);
});

it.each([
  ["2usd", [{ limit: { usd: 2 }, window: "run" }]],
  [
    " 0.5 USD/24h , 1token/month:tag=a b,9tokens:route=x=y",
    [
      { limit: { usd: 0.5 }, window: "24h" },
      { limit: { tokens: 1 }, window: "month", tag: "a b" },
      { limit: { tokens: 9 }, window: "run", route: "x=y" },
    ],
  ],
  ["2usd/week", [{ limit: { usd: 2 }, window: "week" }]],
  ["2", "2"],
  ["2usd,", "2usd,"],
  ["-2usd", "-2usd"],
  ["2usd:who=me", "2usd:who=me"],
])("a text of budgets is read: %j", (text, budgets) => {
  expect(parseBudgets(text)).toEqual(budgets);
});
