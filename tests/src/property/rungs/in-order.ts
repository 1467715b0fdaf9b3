// The reference: real programs in turn in a plain folder, with nothing of Sheaf in between.
import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { copyTree, type Ended } from "../observed/in-order.ts";
import type { RungCase } from "./cases.ts";
import { commandOf } from "./commands.ts";

/** What running in order came to. */
export interface InOrder {
  readonly endings: ReadonlyMap<string, Ended>;
  /** Paths that each program made, removed, wrote to, or whose mode it set, by its id. */
  readonly touched: ReadonlyMap<string, readonly string[]>;
}

type Times = ReadonlyMap<string, bigint>;

function changeTimes(root: string): Times {
  const times = new Map<string, bigint>();
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const stat = lstatSync(join(root, path), { bigint: true });
      times.set(path, stat.ctimeNs);
      if (stat.isDirectory()) visit(path);
    }
  };
  visit("");
  return times;
}

const changed = (before: Times, after: Times): readonly string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));

function runCommand(root: string, command: string): string | null {
  const script = `umask 022\n${command}`;
  const { status, stdout } = spawnSync("sh", ["-c", script], { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.replace(/\n$/, "") : null;
}

/** Runs the programs of a case in this order; what a failed one did is undone, who needs it is left out. */
export function runRealInOrder(
  root: string,
  { programs, needs }: RungCase,
  order: readonly string[],
): InOrder {
  const endings = new Map<string, Ended>();
  const touched = new Map<string, readonly string[]>();
  const failed = (id: string): boolean => endings.get(id) === null || endings.get(id) === "skipped";
  for (const id of order) {
    if ((needs.get(id) ?? []).some(failed)) {
      endings.set(id, "skipped");
      continue;
    }
    const program = programs.find((each) => each.id === id)!;
    const before = `${root}-before`;
    copyTree(root, before);
    const times = changeTimes(root);
    const ended = runCommand(root, commandOf(program));
    touched.set(id, changed(times, changeTimes(root)));
    endings.set(id, ended);
    rmSync(ended === null ? root : before, { recursive: true });
    if (ended === null) renameSync(before, root);
  }
  return { endings, touched };
}
