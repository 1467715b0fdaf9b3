import { expect, test } from "vitest";
import { fromDot } from "./dot.ts";
import { levels, levelsOf, parallelGroups } from "./levels.ts";

const diamond = fromDot(
  "digraph { report; fetch; plot; fit; fetch -> fit -> report; fetch -> plot -> report; }",
);

test("levels hold the tasks whose longest way from the start is equally long, in list order", () => {
  expect(levels(diamond)).toEqual([["fetch"], ["plot", "fit"], ["report"]]);
  expect([...levelsOf(diamond)]).toEqual([2, 0, 1, 1]);
});

test("parallel groups are the levels of two tasks or more", () => {
  expect(parallelGroups(diamond)).toEqual([["plot", "fit"]]);
});

test("a cyclic graph has no levels", () => {
  expect(() => levels(fromDot("digraph { a -> b -> a; }"))).toThrow("a -> b -> a");
});
