import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globsOverlap } from "./globs-overlap.ts";

// The model: every path of up to five short names, and globs as regular expressions.
const NAMES = ["a", "b", "aa", "ab", "ba", "bb"];

function pathsOf(depth: number): string[] {
  const deeper = depth === 1 ? [] : pathsOf(depth - 1);
  return [...NAMES, ...deeper.flatMap((rest) => NAMES.map((name) => `${name}/${rest}`))];
}

const PATHS = pathsOf(5);

function asRegExp(glob: string): RegExp {
  const parts = glob.split("/").map((segment) => {
    if (segment === "**") return "(?:[^/]+/)*";
    return `${segment.replaceAll("?", "[^/]").replaceAll("*", "[^/]*")}/`;
  });
  return new RegExp(`^${parts.join("")}`);
}

const anyShare = (a: RegExp, b: RegExp): boolean =>
  PATHS.some((path) => a.test(`${path}/`) && b.test(`${path}/`));

const segment = fc.constantFrom("a", "b", "ab", "*", "?", "a*", "*b", "?b", "**");
const glob = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));

describe("globsOverlap", () => {
  it("says yes exactly when some path is covered by both", () => {
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        expect(globsOverlap(a, b)).toBe(anyShare(asRegExp(a), asRegExp(b)));
      }),
      cases({ ci: 400, deep: 4_000 }),
    );
  });

  it("does not depend on which glob comes first", () => {
    fc.assert(fc.property(glob, glob, (a, b) => globsOverlap(a, b) === globsOverlap(b, a)));
  });

  it.each([
    ["data/*.csv", "data/a.csv", true],
    ["data", "data/x/y.csv", true],
    ["data/x/y.csv", "data", true],
    ["data", "database", false],
    ["data/*.csv", "data/*.json", false],
    ["data/{a,b}.csv", "data/b.csv", true],
    ["src/**/*.ts", "src/deep/down/a.ts", true],
    ["src/**/*.ts", "docs/a.md", false],
    ["**", "anything/at/all", true],
    ["notes.md", "**/*.csv", true],
    ["./out/", "out/plot.png", true],
  ])("says of %s and %s: %s", (a, b, expected) => {
    expect(globsOverlap(a, b)).toBe(expected);
  });

  it("stays quick on globs that a search would drown in", () => {
    const stars = Array.from({ length: 40 }, () => "**/a").join("/");
    expect(globsOverlap(`${stars}/b`, Array.from({ length: 80 }, () => "a").join("/"))).toBe(true);
    expect(globsOverlap(`x${"*a".repeat(500)}b`, `x${"a".repeat(1000)}c`)).toBe(false);
  });
});
