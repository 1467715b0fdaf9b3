import { expect, it } from "vitest";
import { alignColumns } from "./align-columns.ts";

it("columns are as wide as their widest cell, escape codes not counted", () => {
  const rows = [
    ["a", "1", "first"],
    ["\u001b[31mlong\u001b[39m", "100", ""],
  ];
  expect(alignColumns(rows, { right: [1] })).toEqual(["a       1  first", "\u001b[31mlong\u001b[39m  100"]);
});

it("rows may have fewer cells than others", () => {
  expect(alignColumns([["a"], ["b", "c"]])).toEqual(["a", "b  c"]);
});
