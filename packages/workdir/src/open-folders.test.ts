import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyChanges, type Change } from "./change.ts";
import { undoOf } from "./commit-log.ts";
import type { FileStat } from "./file-stat.ts";
import { type Step, withOpenFolders } from "./open-folders.ts";
import { EMPTY_TREE, type FileEntry, type Tree, walk } from "./tree.ts";

const file = (text: string): FileEntry => ({
  kind: "file",
  mode: 0o644,
  content: { path: `/nowhere/${text}`, live: false, size: text.length, mtimeNs: 0n, hash: text },
});

/** Mode of each folder, and text of each file, as an ordinary user's file system has them. */
type Disk = Map<string, number | string>;

const parentOf = (path: string): string => path.split("/").slice(0, -1).join("/");

function requirePassable(disk: Disk, path: string): void {
  for (let folder = parentOf(path); folder !== ""; folder = parentOf(folder)) {
    const mode = disk.get(folder);
    if (typeof mode !== "number") throw new Error(`${folder} is no folder`);
    if ((mode & 0o100) === 0) throw new Error(`${folder} may not be passed (${mode.toString(8)})`);
  }
}

function requireOpen(disk: Disk, path: string): void {
  requirePassable(disk, path);
  const mode = disk.get(parentOf(path));
  if (typeof mode === "number" && (mode & 0o300) !== 0o300) {
    throw new Error(`${parentOf(path)} may not be changed (${mode.toString(8)})`);
  }
}

function makeWay(disk: Disk, path: string): void {
  const folder = parentOf(path);
  if (folder === "" || typeof disk.get(folder) === "number") return;
  makeWay(disk, folder);
  requireOpen(disk, folder);
  disk.set(folder, 0o755);
}

function isMade(disk: Disk, change: Change): boolean {
  const now = disk.get(change.path);
  switch (change.op) {
    case "remove":
      return typeof now !== "string";
    case "rmdir":
      return typeof now !== "number";
    case "put":
      return change.entry.kind === "file" && now === change.entry.content.hash;
    default:
      return false;
  }
}

/** Does what the live directory does for a change; repeated, it finds its own work done. */
function make(disk: Disk, change: Change): void {
  const { op, path } = change;
  makeWay(disk, path);
  requirePassable(disk, path);
  if (op === "chmod" || (op === "mkdir" && typeof disk.get(path) === "number")) {
    if (typeof disk.get(path) === "number") disk.set(path, change.mode);
    return;
  }
  if (isMade(disk, change)) return;
  requireOpen(disk, path);
  switch (op) {
    case "remove":
      disk.delete(path);
      break;
    case "rmdir":
      if (![...disk.keys()].some((other) => other.startsWith(`${path}/`))) disk.delete(path);
      break;
    case "mkdir":
      disk.set(path, change.mode);
      break;
    case "put":
      disk.set(path, change.entry.kind === "file" ? change.entry.content.hash! : change.entry.target);
      break;
    default:
      op satisfies never;
  }
}

function diskOf(tree: Tree): Disk {
  const disk: Disk = new Map();
  walk(tree, (path, entry) => {
    if (entry.kind === "dir") disk.set(path, entry.mode);
    if (entry.kind === "file") disk.set(path, entry.content.hash!);
  });
  return disk;
}

const statsOf = (tree: Tree): ReadonlyMap<string, FileStat> =>
  new Map(
    [...diskOf(tree)].map(([path, state]) => [
      path,
      { ino: 1n, size: 0, mode: typeof state === "number" ? state : 0o644, mtimeNs: 0n, ctimeNs: 0n },
    ]),
  );

const path = fc.constantFrom("a", "b", "a/a", "a/b", "b/a", "a/a/a", "a/a/b", "b/a/a");
const mode = fc.constantFrom(0o755, 0o555, 0o500, 0o711, 0o600, 0o000);
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ op: fc.constant("put" as const), path, entry: fc.constantFrom(file("1"), file("2")) }),
  fc.record({ op: fc.constant("mkdir" as const), path, mode }),
  fc.record({ op: fc.constant("chmod" as const), path, mode }),
  fc.record({ op: fc.constantFrom("remove" as const, "rmdir" as const), path }),
);
const changes = fc.uniqueArray(anyChange, {
  minLength: 1,
  maxLength: 12,
  selector: ({ op, path }) => `${op} ${path}`,
});

test("changes in closed folders can all be made, taken back from anywhere, and repeated after a kill", async () => {
  let closed = 0;
  await fc.assert(
    fc.asyncProperty(changes, changes, fc.nat(), async (first, second, cut) => {
      const started = await applyChanges(EMPTY_TREE, first);
      fc.pre("tree" in started);
      const before = started.tree;
      const applied = await applyChanges(before, second);
      fc.pre("tree" in applied);
      const undo = undoOf(before, applied.effective);
      const given = applied.effective.map((change, i): Step => ({ change, undo: undo[i]! }));
      const steps = withOpenFolders(given, statsOf(before));
      if (steps !== given) closed += 1;

      const disk = diskOf(before);
      for (const { change } of steps) make(disk, change);
      expect(disk).toEqual(diskOf(applied.tree));

      const made = cut % (steps.length + 1);
      const back = diskOf(before);
      for (const { change } of steps.slice(0, made)) make(back, change);
      for (const step of steps.slice(0, made).reverse()) make(back, step.undo);
      expect(back).toEqual(diskOf(before));

      const again = diskOf(before);
      for (const { change } of [...steps.slice(0, made), ...steps]) make(again, change);
      expect(again).toEqual(diskOf(applied.tree));
    }),
    cases({ ci: 2_000, deep: 50_000 }),
  );
  expect(closed).toBeGreaterThan(200);
});

test("where no folder is closed nothing is added", () => {
  const steps: Step[] = [{ change: { op: "remove", path: "d/f" }, undo: { op: "remove", path: "d/f" } }];
  expect(withOpenFolders(steps, new Map())).toBe(steps);
});
