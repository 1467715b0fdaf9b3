import { describe, expect, test } from "vitest";
import { dataProblem, MAX_DATA_DEPTH } from "./data-problem.ts";

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
};

describe("data that is handed around", () => {
  test("may be nested so many levels deep and no more", () => {
    expect(dataProblem(nested(MAX_DATA_DEPTH))).toBeUndefined();
    expect(dataProblem(nested(MAX_DATA_DEPTH + 1))).toMatch(/more than 500 levels/);
    expect(dataProblem(nested(100_000))).toMatch(/more than 500 levels/);
  });

  test("may not hold itself, however far down", () => {
    const list: unknown[] = [];
    list.push({ rows: [list] });
    expect(dataProblem({ list })).toBe("it holds itself");
    const map = new Map<string, unknown>();
    map.set("rows", new Set([map]));
    expect(dataProblem(map)).toBe("it holds itself");
  });

  test("may hold one thing in many places, and is walked only once for that", () => {
    let value: unknown = "leaf";
    for (let i = 0; i < 60; i++) value = [value, value];
    expect(dataProblem(value)).toBeUndefined();
    const deep = nested(400);
    expect(dataProblem([deep, { further: [deep] }])).toBeUndefined();
    let below = deep;
    for (let i = 0; i < 200; i++) below = [below];
    expect(dataProblem([deep, below])).toMatch(/more than 500 levels/);
  });
});
