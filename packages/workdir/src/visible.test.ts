import { cases as howMany } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frozenFolders } from "./frozen.ts";
import { childrenWithin, eitherOf, visible, visiblePaths, type Within } from "./visible.ts";

describe("what globs show", () => {
  const cases: readonly [globs: readonly string[], path: string, shown: string][] = [
    [["data"], "data", "all"],
    [["data"], "data/x/y", "all"],
    [["data/"], "data/x", "all"],
    [["./data//x"], "data/x", "all"],
    [["data/*.csv"], "data/a.csv", "all"],
    [["data/*.csv"], "data/.a.csv", "all"],
    [["data/*.csv"], "data/sub/a.csv", "nothing"],
    [["data/*.csv"], "data", "presence"],
    [["data/*.csv"], "data/a.csv/inside", "all"],
    [["data/**"], "data", "presence"],
    [["data/**"], "data/x/y", "all"],
    [["**"], "a/b", "all"],
    [["."], "a", "all"],
    [["**"], ".git/HEAD", "nothing"],
    [["**/*"], "sub/.git/HEAD", "nothing"],
    [[".git/**"], ".git/HEAD", "all"],
    [["a/b/c"], "a", "presence"],
    [["a/b/c"], "a/x", "nothing"],
    [["a/*/c"], "a/x/c", "all"],
    [["a/*/c"], "a/x", "nothing"],
    [["{a,b/c}/d"], "b/c/d", "all"],
    [["app/\\[id\\]/page.tsx"], "app/[id]/page.tsx", "all"],
    [["!x"], "!x", "all"],
    [["x y"], "x y", "all"],
    [[], "a", "nothing"],
  ];
  test.each(cases)("%j shows of %s: %s", (globs, path, shown) => {
    expect(visible(globs).shown(path)).toBe(shown);
  });

  test("a path taken as it is needs no escape", () => {
    expect(visiblePaths(["app/[id]"]).shown("app/[id]/x")).toBe("all");
    expect(visiblePaths(["app/[id]"]).shown("app/i")).toBe("nothing");
  });

  test.each(["/etc", "../x", "a/../b", "", ".sheaf/x", "a/.sheaf"])("%j is refused", (glob) => {
    expect(() => visible([glob])).toThrow(/path below the shared directory/);
  });

  const part = fc.constantFrom("a", "b", "*", "**", "a*", "{a,b}");
  const glob = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const path = fc.array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 4 });

  test("whatever is shown can be reached from the top, and all below it is shown too", () => {
    fc.assert(
      fc.property(fc.array(glob, { maxLength: 3 }), path, (globs, parts) => {
        const seen = visible(globs);
        const shown = seen.shown(parts.join("/"));
        if (shown === "nothing") return;
        for (let i = 0; i < parts.length; i++) {
          const folder = parts.slice(0, i).join("/");
          const within = seen.within(folder);
          const leads = within === "any" || within.has(parts[i]!);
          expect(leads, `${globs} lead from "${folder}" to ${parts[i]}`).toBe(true);
        }
        if (shown === "all") expect(seen.shown(`${parts.join("/")}/below`)).toBe("all");
      }),
      howMany({ ci: 2_000, deep: 20_000 }),
    );
  });

  test.each<[readonly string[], string, Within]>([
    [["a/b", "a/c/d", "x/*"], "a", new Set(["b", "c"])],
    [["a/b", "a/c/d", "x/*"], "", new Set(["a", "x"])],
    [["a/b", "x/*"], "x", "any"],
    [["a/b"], "a/b/c", "any"],
    [["a/b"], "c", new Set()],
    [["a/*"], "a/b/c", "any"],
    [["a/*.ts"], "a/b", new Set()],
  ])("of %j only what matters in %j is walked", (globs, folder, within) => {
    expect(visible(globs).within(folder)).toEqual(within);
  });

  test("of a large folder only the names that may be shown are looked up", () => {
    const file = { kind: "link", target: "t" } as const;
    const children = new Map(Array.from({ length: 10 }, (_, i) => [`f${i}`, file]));
    children[Symbol.iterator] = () => expect.unreachable("the whole folder was walked");
    expect([...childrenWithin(children, new Set(["f7", "absent"]))]).toEqual([["f7", file]]);
  });

  test("either of two sets shows what one of them shows", () => {
    fc.assert(
      fc.property(fc.array(glob, { maxLength: 2 }), fc.array(glob, { maxLength: 2 }), path, (a, b, parts) => {
        const where = parts.join("/");
        expect(eitherOf(visible(a), visible(b)).shown(where)).toBe(visible([...a, ...b]).shown(where));
      }),
    );
  });
});

describe("frozen folders", () => {
  test("a folder that a task declares to write is not frozen, nor anything in it", () => {
    const frozen = frozenFolders(["**/node_modules"], ["node_modules/**"]);
    expect(frozen.shown("node_modules")).toBe("nothing");
    expect(frozen.shown("node_modules/a/node_modules")).toBe("nothing");
    expect(frozen.shown("web/node_modules")).toBe("all");
  });

  test("a wildcard that happens to cover a folder does not unfreeze it", () => {
    expect(frozenFolders(["**/node_modules"], ["**"]).shown("node_modules")).toBe("all");
  });
});
