// What the hash of a directory says, and what it costs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readCommits } from "./commit-log.ts";
import { openWorkdir } from "./open-workdir.ts";
import { probeOverlay } from "./overlay/probe-overlay.ts";
import type { StagingRung, Workdir } from "./workdir.ts";

let place: TempDir;
let runs = 0;
const at = (path = ""): string => join(place.path, path);

beforeEach(() => {
  place = tempDir();
  mkdirSync(at("sub/deep"), { recursive: true });
  mkdirSync(at("empty"));
  mkdirSync(at("node_modules/x"), { recursive: true });
  for (const path of ["a", "b.txt", "é", "\u{1F600}", "\uFF5E", "sub/x", "sub/deep/y"])
    writeFileSync(at(path), `this is ${path}`);
  symlinkSync("a", at("link"));
});
afterEach(() => place[Symbol.dispose]());

const open = (rung: StagingRung = "copy"): Promise<Workdir> =>
  openWorkdir({
    ...{ dir: at(), runDir: at(`.sheaf/runs/r${++runs}`), runId: "r", frozen: ["node_modules"] },
    ...{ declaredWrites: [], shown: "everything", rung },
  });

async function hashNow(): Promise<string> {
  const workdir = await open();
  const hash = await workdir.rootHash();
  await workdir.close({ keep: false });
  return hash;
}

/** The same by the plainest program. */
function plainHash(folder: string): string {
  const names = readdirSync(folder).filter((name) => name !== ".sheaf");
  const sha = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");
  const lines = names
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      const mode = (stat.mode & 0o7777).toString(8);
      if (name === "node_modules") return `frozen - - ${name}\0`;
      if (stat.isSymbolicLink()) return `link - ${sha(readlinkSync(path))} ${name}\0`;
      if (stat.isDirectory()) return `dir ${mode} ${plainHash(path)} ${name}\0`;
      return `file ${mode} ${sha(readFileSync(path))} ${name}\0`;
    });
  return sha(lines.join(""));
}

test("is what the plainest program says", async () => {
  expect(await hashNow()).toBe(plainHash(at()));
});

describe("says whether two directories are the same", () => {
  test.each<[string, () => void]>([
    ["bytes", () => writeFileSync(at("a"), "this is A")],
    ["a mode", () => chmodSync(at("sub/x"), 0o700)],
    ["a folder's mode", () => chmodSync(at("sub/deep"), 0o700)],
    ["a name", () => renameSync(at("a"), at("c"))],
    ["a place", () => renameSync(at("sub/x"), at("sub/deep/x"))],
    ["an empty folder", () => rmSync(at("empty"), { recursive: true })],
    ["where a link leads", () => replaceLink("sub/x")],
    ["a file in the place of a link", () => replaceFile("link", "a")],
  ])("%s makes a difference", async (_what, change) => {
    const before = await hashNow();
    change();
    expect(await hashNow()).not.toBe(before);
  });

  test("times and frozen folders make none", async () => {
    const before = await hashNow();
    utimesSync(at("a"), 1, 1);
    writeFileSync(at("node_modules/x/new"), "1");
    expect(await hashNow()).toBe(before);
  });
});

const replaceLink = (target: string): void => {
  rmSync(at("link"));
  symlinkSync(target, at("link"));
};
const replaceFile = (path: string, text: string): void => {
  rmSync(at(path));
  writeFileSync(at(path), text);
};

const SCRIPT =
  "echo new > a; mkdir -p made/deep; echo c > made/deep/c; rm sub/x; ln -sf b.txt link; chmod 700 sub; chmod 755 é";

async function commit(workdir: Workdir, taskId: string, script: string): Promise<void> {
  const view = await workdir.stage({
    ...{ taskId, folder: taskId, attempt: 1, shown: "everything", writes: null },
    ...{ below: [], mayLink: true, enters: true, fresh: false },
  });
  const [program, ...args] = [...workdir.enter, "sh", "-c", `cd "$1" && ${script}`, "sh", view.path];
  expect(spawnSync(program!, args, { encoding: "utf8" }).stderr).toBe("");
  const effects = await workdir.seal(view, { succeeded: true, quiet: true, observed: null });
  expect(await workdir.commit(effects)).toMatchObject({ status: "committed" });
}

describe("of what is committed", () => {
  test.each<StagingRung>(["copy", "hardlink", "overlay"])("is that of the directory (%s)", async (rung) => {
    if (rung === "overlay" && !(await probeOverlay(at())).ok) return;
    const workdir = await open(rung);
    await commit(workdir, "t", SCRIPT);
    const hash = await workdir.rootHash();
    await workdir.close({ keep: false });
    expect(hash).toBe(plainHash(at()));
  });

  test("costs what has changed since the last one: folders without a change are not looked at again", async () => {
    const workdir = await open();
    const before = await workdir.rootHash();
    await commit(workdir, "t", "echo new > sub/x");
    rmSync(at(`.sheaf/runs/r${runs}/base/1/sub/deep/y`));
    const after = await workdir.rootHash();
    expect([after === before, after]).toEqual([false, plainHash(at())]);
    await workdir.close({ keep: false });
  });

  test("is refused where somebody else has edited a file in place", async () => {
    const workdir = await open();
    writeFileSync(at("sub/x"), "edited by somebody else");
    await expect(workdir.rootHash()).rejects.toMatchObject({ code: "CHANGED_OUTSIDE" });
    await workdir.close({ keep: false });
  });
});

test("the record of a commit has the hash of all that it put", async () => {
  const workdir = await open();
  await commit(workdir, "t", SCRIPT);
  const runDir = at(`.sheaf/runs/r${runs}`);
  const puts = readCommits(runDir).flatMap(({ changes }) =>
    changes.flatMap((change) =>
      change.op === "put" && change.entry.kind === "file" ? [[change.path, change.entry.hash]] : [],
    ),
  );
  const hashOf = (path: string) =>
    createHash("sha256")
      .update(readFileSync(at(path)))
      .digest("hex");
  expect(Object.fromEntries(puts)).toEqual({
    ...Object.fromEntries(["a", "made/deep/c", "é"].map((path) => [path, hashOf(path)])),
  });
  await workdir.close({ keep: true });
});
