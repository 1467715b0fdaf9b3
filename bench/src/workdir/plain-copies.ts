// Other ways to give a task a directory of its own: copy the whole tree.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import fsExtra from "fs-extra";
import type { Contestant } from "../measure/contest.ts";
import { costOf } from "../measure/cost.ts";

export const PLAIN_LOOP = "copy by a loop of copyFileSync";

function copyTree(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else copyFileSync(source, target);
  }
}

function copyByProgram(from: string, to: string): void {
  const { status, stderr } = spawnSync("cp", ["-a", from, to], { encoding: "utf8" });
  if (status !== 0) throw new Error(`cp -a ended with ${status}: ${stderr}`);
}

/** Copies `from` to `to` in three ways; the first is the yardstick. */
export function plainCopies(from: string, to: string): readonly Contestant[] {
  const contestant = (name: string, copy: () => unknown): Contestant => ({
    name,
    async run() {
      const cost = await costOf(copy);
      rmSync(to, { recursive: true });
      return { [name]: cost };
    },
  });
  return [
    contestant(PLAIN_LOOP, () => copyTree(from, to)),
    contestant("cp -a", () => copyByProgram(from, to)),
    contestant("fs-extra copy", () => fsExtra.copy(from, to)),
  ];
}
