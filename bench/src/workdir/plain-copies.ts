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

function program(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
}

const git = (repository: string, ...args: string[]): void =>
  program("git", "-C", repository, "-c", "user.name=bench", "-c", "user.email=bench@example.org", ...args);

/** Copies `from` to `to`, a folder that is not there, in several ways; the first is the yardstick. */
export function plainCopies(from: string, to: string): readonly Contestant[] {
  const contestant = (name: string, copy: () => unknown, clean = () => {}): Contestant => ({
    name,
    async run() {
      const cost = await costOf(copy);
      rmSync(to, { recursive: true });
      clean();
      return { [name]: cost };
    },
  });
  return [
    contestant(PLAIN_LOOP, () => copyTree(from, to)),
    contestant("cp -a", () => program("cp", "-a", from, to)),
    contestant("cp -al, hard links to the files themselves", () => program("cp", "-al", from, to)),
    contestant("fs-extra copy", () => fsExtra.copy(from, to)),
    ...worktree(from, to, contestant),
  ];
}

// The repository lies beside the tree, as a folder `.git` in it would be staged as well.
function worktree(
  from: string,
  to: string,
  contestant: (name: string, copy: () => unknown, clean: () => void) => Contestant,
): readonly Contestant[] {
  if (spawnSync("git", ["--version"]).error !== undefined) return [];
  const repository = `${to}-repository`;
  mkdirSync(repository);
  git(repository, "init", "-q");
  const stored = ["--git-dir", join(repository, ".git"), "--work-tree", from];
  git(repository, ...stored, "add", "-A");
  git(repository, ...stored, "commit", "-q", "-m", "tree");
  const add = (): void => git(repository, "worktree", "add", "-q", "--detach", to);
  return [contestant("git worktree add", add, () => git(repository, "worktree", "prune"))];
}
