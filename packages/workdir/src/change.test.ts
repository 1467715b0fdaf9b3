import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyChanges, type Change } from "./change.ts";
import { differences } from "./differences.ts";
import { EMPTY_TREE, type Entry, type FileEntry, lookup, type Tree, walk } from "./tree.ts";
import { EVERYTHING, visible } from "./visible.ts";

// Contents that need no disk: the hash is known.
const file = (text: string, mode = 0o644): FileEntry => ({
  kind: "file",
  mode,
  content: { path: `/nowhere/${text}`, live: false, size: text.length, mtimeNs: 0n, hash: text },
});
const put = (path: string, text: string): Change => ({ op: "put", path, entry: file(text) });

async function apply(tree: Tree, ...changes: readonly Change[]): Promise<Tree> {
  const applied = await applyChanges(tree, changes);
  if (!("tree" in applied)) throw new Error(`clash at ${applied.path}`);
  return applied.tree;
}

const say = (entry: Entry): string =>
  entry.kind === "file" ? `${entry.mode.toString(8)} ${entry.content.hash}` : entry.kind;

function flat(tree: Tree): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  walk(tree, (path, entry) => all.set(path, say(entry)));
  return all;
}

describe("applying changes", () => {
  test("trees that were given away never change", async () => {
    const before = await apply(EMPTY_TREE, put("d/a", "1"));
    const copy = flat(before);
    await apply(before, put("d/a", "2"), put("d/b", "3"), { op: "remove", path: "d/a" });
    expect(flat(before)).toEqual(copy);
  });

  test("what is already as it should be has no effect", async () => {
    const tree = await apply(EMPTY_TREE, put("d/a", "1"));
    const changes: Change[] = [
      put("d/a", "1"),
      { op: "mkdir", path: "d", mode: 0o700 },
      { op: "remove", path: "x" },
    ];
    const applied = await applyChanges(tree, changes);
    expect(applied).toMatchObject({ effective: [] });
  });

  test("a folder goes only when nothing is left in it", async () => {
    const tree = await apply(EMPTY_TREE, put("d/a", "1"), put("d/unseen", "2"));
    const after = await apply(tree, { op: "rmdir", path: "d" }, { op: "remove", path: "d/a" });
    expect([...flat(after).keys()]).toEqual(["d", "d/unseen"]);
  });

  test("a file where there is a folder clashes, and so does a path through a file or a link", async () => {
    const tree = await apply(EMPTY_TREE, put("d/a", "1"), {
      op: "put",
      path: "l",
      entry: { kind: "link", target: "/etc" },
    });
    expect(await applyChanges(tree, [put("d", "2")])).toEqual({
      path: "d",
      found: "a folder",
      written: "a file",
    });
    expect(await applyChanges(tree, [put("d/a/b", "2")])).toMatchObject({ path: "d/a", found: "a file" });
    expect(await applyChanges(tree, [put("l/passwd", "2")])).toMatchObject({ path: "l", found: "a link" });
  });

  test("a frozen folder is never removed or replaced", async () => {
    const tree: Tree = {
      ...EMPTY_TREE,
      children: new Map([
        ["node_modules", { kind: "frozen", target: "/live", standIn: null, state: async () => "" }],
      ]),
    };
    expect(await applyChanges(tree, [{ op: "remove", path: "node_modules" }])).toMatchObject({
      found: "a frozen folder",
    });
    expect(await applyChanges(tree, [put("node_modules", "x")])).toMatchObject({ found: "a frozen folder" });
  });

  const path = fc
    .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join("/"));
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.record({
      op: fc.constant("put" as const),
      path,
      entry: fc.constantFrom("1", "2").map((text) => file(text)),
    }),
    fc.record({ op: fc.constant("remove" as const), path }),
    fc.record({ op: fc.constant("rmdir" as const), path }),
    fc.record({ op: fc.constant("mkdir" as const), path, mode: fc.constant(0o755) }),
  );

  // One change on a plain map of paths: the obvious model. Returns false for a clash.
  function model(all: Map<string, string>, one: Change): boolean {
    const parts = one.path.split("/");
    const above = parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join("/"));
    const writes = one.op === "put" || one.op === "mkdir";
    if (above.some((folder) => all.has(folder) && all.get(folder) !== "dir")) return !writes;
    const old = all.get(one.path);
    const below = [...all.keys()].some((other) => other.startsWith(`${one.path}/`));
    if (one.op === "put" && old === "dir") return false;
    if (one.op === "mkdir" && old !== undefined && old !== "dir") return false;
    if (writes) for (const folder of above) all.set(folder, "dir");
    if (one.op === "put") all.set(one.path, say(one.entry));
    if (one.op === "mkdir") all.set(one.path, "dir");
    if (one.op === "remove" && old !== "dir") all.delete(one.path);
    if (one.op === "rmdir" && old === "dir" && !below) all.delete(one.path);
    return true;
  }

  const base = async (changes: readonly Change[]): Promise<Tree> => {
    let tree = EMPTY_TREE;
    for (const one of changes) {
      const applied = await applyChanges(tree, [one]);
      if ("tree" in applied) tree = applied.tree;
    }
    return tree;
  };

  test("any change to any tree does what it does to a plain map of paths", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), change, async (first, last) => {
        const tree = await base(first);
        const all = new Map(flat(tree));
        const applied = await applyChanges(tree, [last]);
        expect("tree" in applied).toBe(model(all, last));
        if ("tree" in applied)
          expect(new Map([...flat(applied.tree)].sort())).toEqual(new Map([...all].sort()));
      }),
      cases({ ci: 2_000, deep: 20_000 }),
    );
  }, 60_000);

  test("two trees differ, as far as they are shown, exactly where a plain comparison says so", async () => {
    const globs = fc.array(fc.constantFrom("a", "a/b", "a/*", "**/c", "b/**", "**"), { maxLength: 3 });
    const list = fc.array(change, { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(list, list, globs, async (first, second, patterns) => {
        const before = await base(first);
        const after = await base([...first, ...second]);
        const seen = visible(patterns);
        const [left, right] = [flat(before), flat(after)];
        const kind = (text: string | undefined): string =>
          text === undefined || text === "dir" ? `${text}` : "file";
        const expected = [...new Set([...left.keys(), ...right.keys()])].filter((where) => {
          const shown = seen.shown(where);
          if (shown === "all") return left.get(where) !== right.get(where);
          return shown === "presence" && kind(left.get(where)) !== kind(right.get(where));
        });
        const found = await differences(before, after, seen, { most: 1_000 });
        // Only the topmost difference of a branch is named.
        expect(found.every((where) => expected.includes(where))).toBe(true);
        expect(
          expected.every((where) => found.some((top) => where === top || where.startsWith(`${top}/`))),
        ).toBe(true);
      }),
      cases({ ci: 2_000, deep: 20_000 }),
    );
  }, 60_000);

  test("equal snapshots are compared without a look at their contents", async () => {
    const tree = await apply(EMPTY_TREE, put("a", "1"));
    expect(await differences(tree, tree, EVERYTHING, { most: 20 })).toEqual([]);
    expect(lookup(tree, "a/b")).toBeUndefined();
  });
});
