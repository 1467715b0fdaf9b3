import { describe, expect, it } from "vitest";
import { pathPattern } from "./path-pattern.ts";

const segments = (glob: string): readonly string[] => pathPattern(glob).segments;

describe("pathPattern", () => {
  it("takes one form for every way to write a path", () => {
    for (const way of ["data/x", "./data/x", "data/x/", "data//x", "data/./x/", "data/x/**"]) {
      expect(segments(way)).toEqual(["data", "x"]);
    }
  });

  it("takes the folder itself for everything", () => {
    for (const way of [".", "./", "", "**", "**/**"]) expect(segments(way)).toEqual([]);
  });

  it("counts the names before the first wildcard", () => {
    expect(pathPattern("a/b/*.csv").fixed).toBe(2);
    expect(pathPattern("a/b").fixed).toBe(2);
    expect(pathPattern("**/b").fixed).toBe(0);
  });

  it("widens braces, classes and extended globs to a star", () => {
    expect(segments("data/{train,test}.csv")).toEqual(["data", "*.csv"]);
    expect(segments("data/[a-z]x")).toEqual(["data", "*x"]);
    expect(segments("data/+(a|b).csv")).toEqual(["data", "*.csv"]);
  });

  it("takes an escaped sign for itself", () => {
    expect(segments("a\\(1\\).txt")).toEqual(["a(1).txt"]);
    expect(segments("a\\*")).toEqual(["a*"]);
  });

  it("gives up below the folder where a glob cannot be followed", () => {
    expect(segments("data/{a,b/c}/d")).toEqual(["data"]);
    expect(segments("data/{a,b}?.csv")).toEqual(["data"]);
    expect(segments("data/{a/b")).toEqual(["data"]);
    expect(segments("data/a**b/c")).toEqual(["data"]);
    expect(segments("data/x|y")).toEqual([]);
    expect(segments("data/[/|y")).toEqual([]);
    expect(segments("data/../x")).toEqual([]);
  });
});
