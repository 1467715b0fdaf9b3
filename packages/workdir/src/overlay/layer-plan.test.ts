import { expect, test } from "vitest";
import { applyChanges, type Change } from "../change.ts";
import type { Entry, Tree } from "../tree.ts";
import { layerPlan } from "./layer-plan.ts";

const file = (name: string): Entry & { kind: "file" } => ({
  kind: "file",
  mode: 0o644,
  content: { path: `/bytes/${name}`, live: false, size: name.length, mtimeNs: 0n, hash: name },
});
const dir = (children: Record<string, Entry>, mode = 0o755): Tree => ({
  kind: "dir",
  mode,
  children: new Map(Object.entries(children)),
});

const TREE = dir({
  a: file("a"),
  d: dir({ b: file("b"), deep: dir({ c: file("c") }, 0o500) }, 0o750),
});

async function planOf(...changes: readonly Change[]) {
  const applied = await applyChanges(TREE, changes);
  if (!("tree" in applied)) throw new Error(applied.path);
  const { folders, entries, gone } = layerPlan(applied.tree, applied.effective);
  return { folders: [...folders], entries: [...entries.keys()], gone: [...gone] };
}

test("folders on the way to a change keep their modes, and can be filled", async () => {
  expect(await planOf({ op: "put", path: "d/deep/new", entry: file("new") })).toEqual({
    folders: [
      ["d", 0o750],
      ["d/deep", 0o700],
    ],
    entries: ["d/deep/new"],
    gone: [],
  });
});

test("what is removed is hidden, and of a folder that is gone only the folder", async () => {
  const remove = (path: string): Change => ({ op: "remove", path });
  expect(await planOf(remove("a"), remove("d/deep/c"), { op: "rmdir", path: "d/deep" })).toEqual({
    folders: [["d", 0o750]],
    entries: [],
    gone: ["a", "d/deep"],
  });
});

test("a file in the place of a folder hides all that was below", async () => {
  const changes: Change[] = [
    ...["d/b", "d/deep/c"].map((path): Change => ({ op: "remove", path })),
    ...["d", "d/deep"].map((path): Change => ({ op: "rmdir", path })),
    { op: "put", path: "d", entry: file("d") },
  ];
  expect(await planOf(...changes)).toEqual({ folders: [], entries: ["d"], gone: [] });
});

test("a folder in the place of a file is made, and what is put into it", async () => {
  const changes: Change[] = [
    { op: "remove", path: "a" },
    { op: "mkdir", path: "a", mode: 0o711 },
    { op: "put", path: "a/in", entry: { kind: "link", target: "x" } },
  ];
  expect(await planOf(...changes)).toEqual({ folders: [["a", 0o711]], entries: ["a/in"], gone: [] });
});

test("a folder that is removed and made again shows nothing of what was in it", async () => {
  const changes: Change[] = [
    ...["d/b", "d/deep/c"].map((path): Change => ({ op: "remove", path })),
    ...["d", "d/deep"].map((path): Change => ({ op: "rmdir", path })),
    { op: "mkdir", path: "d", mode: 0o755 },
  ];
  expect(await planOf(...changes)).toEqual({
    folders: [["d", 0o755]],
    entries: [],
    gone: ["d/b", "d/deep"],
  });
});
