// The reference: programs in turn in one folder, with nothing of Sheaf in between.
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import type { Program } from "./step.ts";
import { walk } from "./take-step.ts";

/** What became of a program: what it saw, null where it failed, or that it was left out. */
export type Ended = string | null | "skipped";

/** Copies a folder with its links and modes, but for what has one of these names in it. */
export function copyTree(from: string, to: string, without: readonly string[] = []): void {
  const stat = lstatSync(from);
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else if (!stat.isDirectory()) {
    copyFileSync(from, to);
    chmodSync(to, stat.mode); // writing takes the setgid bit away from who is not root
  } else {
    mkdirSync(to);
    for (const name of readdirSync(from)) {
      if (!without.includes(name)) copyTree(join(from, name), join(to, name));
    }
    chmodSync(to, stat.mode);
  }
}

/** Runs one program; what a failed one did is undone. */
function runOne(root: string, program: Program): string | null {
  const before = `${root}-before`;
  const mayFail = program.steps.some(({ op }) => op === "fail");
  if (mayFail) copyTree(root, before);
  const way = walk(root, program);
  try {
    while (way.next());
  } catch {
    rmSync(root, { recursive: true });
    renameSync(before, root);
    return null;
  }
  if (mayFail) rmSync(before, { recursive: true });
  return way.seen();
}

/**
 * Runs programs in turn. One whose needs did not all succeed is left out.
 *
 * @param needs ids of programs before it, by id
 */
export function runInOrder(
  root: string,
  list: readonly Program[],
  needs: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, Ended> {
  const ended = new Map<string, Ended>();
  const failed = (id: string): boolean => ended.get(id) === null || ended.get(id) === "skipped";
  for (const program of list) {
    const blocked = (needs.get(program.id) ?? []).some(failed);
    ended.set(program.id, blocked ? "skipped" : runOne(root, program));
  }
  return ended;
}
