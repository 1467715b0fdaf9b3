import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ObservationKind } from "@sheaf/core";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withChecksum } from "./checksummed.ts";
import type { Effects } from "./effects.ts";
import { openWorkdir } from "./open-workdir.ts";
import type { View } from "./view.ts";
import type { StageRequest, Workdir, WorkdirOptions } from "./workdir.ts";

const sqlite = createRequire(import.meta.url).resolve("@photostructure/sqlite");

let place: TempDir;
let open: Workdir[];

beforeEach(() => {
  place = tempDir();
  open = [];
});
afterEach(async () => {
  for (const workdir of open) await workdir.close({ keep: false });
  place[Symbol.dispose]();
});

const shared = (): string => join(place.path, "shared");
const at = (path: string): string => join(shared(), path);

async function workdirWith(
  files: Parameters<typeof writeFiles>[1],
  options: Partial<WorkdirOptions> = {},
): Promise<Workdir> {
  mkdirSync(shared(), { recursive: true });
  writeFiles(shared(), files);
  const workdir = await openWorkdir({
    ...{ dir: shared(), runDir: at(".sheaf/runs/r1"), runId: "r1" },
    ...{ frozen: ["**/node_modules"], declaredWrites: [], shown: "everything", rung: "copy" },
    ...options,
  });
  open.push(workdir);
  return workdir;
}

let staged = 0;
const stage = (workdir: Workdir, request: Partial<StageRequest> = {}): Promise<View> => {
  staged += 1;
  return workdir.stage({
    ...{ taskId: `t${staged}`, folder: `t${staged}`, attempt: 1, shown: "everything", writes: null },
    ...{ below: [], mayLink: true, enters: true, fresh: false },
    ...request,
  });
};

const seal = (workdir: Workdir, view: View, quiet = true): Promise<Effects> =>
  workdir.seal(view, { succeeded: true, quiet, observed: null });

/** Stages everything, lets `act` work in the view, and commits. */
async function commit(workdir: Workdir, act: (view: string) => void, request: Partial<StageRequest> = {}) {
  const view = await stage(workdir, request);
  act(view.path);
  const effects = await seal(workdir, view);
  expect((await workdir.validate(effects)).conflicts).toEqual([]);
  return workdir.commit(effects);
}

describe("views", () => {
  test("a view shows what is declared and no more", async () => {
    const workdir = await workdirWith({ "data/a.csv": "1", "data/b.txt": "2", "other/c": "3", "empty/": "" });
    const view = await stage(workdir, { shown: ["data/*.csv", "empty/x"] });
    expect(readTree(view.path)).toEqual(["data/ folder 755", 'data/a.csv file 644 "1"', "empty/ folder 755"]);
  });

  test("everything includes modes, links and .git, but never .sheaf", async () => {
    const workdir = await workdirWith({
      "run.sh": { text: "#!", mode: 0o755 },
      link: { link: "run.sh" },
      ".git/HEAD": "ref",
      "sub/.sheaf/lock": "",
    });
    const view = await stage(workdir);
    expect(readTree(view.path)).toEqual(readTree(shared()));
    expect(existsSync(join(view.path, "sub/.sheaf"))).toBe(false);
    expect(existsSync(join(view.path, ".sheaf"))).toBe(false);
  });

  test("a later write to the live directory does not show in a view that is staged afterwards", async () => {
    const workdir = await workdirWith({ a: "before" });
    rmSync(at("a"));
    writeFileSync(at("a"), "outside");
    const view = await stage(workdir);
    expect(readFileSync(join(view.path, "a"), "utf8")).toBe("before");
  });

  test("a file that nobody declares is kept only when it is replaced, and shown as it was to who asks for it", async () => {
    const workdir = await workdirWith({ seen: "1", other: "before" }, { shown: ["seen"] });
    expect(readdirSync(at(".sheaf/runs/r1/base/1"))).toEqual(["seen"]);
    const asks = await stage(workdir, { shown: [] });
    await commit(workdir, (view) => writeFileSync(join(view, "other"), "after"), { shown: [] });
    expect(readdirSync(at(".sheaf/runs/r1/base/1")).sort()).toEqual(["other", "seen"]);
    await asks.read("other");
    expect(readFileSync(join(asks.path, "other"), "utf8")).toBe("before");
    expect((await workdir.validate(await seal(workdir, asks))).conflicts).toMatchObject([{ path: "other" }]);
    expect(readFileSync(at("other"), "utf8")).toBe("after");
  });

  test("what earlier tasks have finished and nobody has committed yet is shown", async () => {
    const workdir = await workdirWith({ a: "1", gone: "x" });
    const first = await stage(workdir);
    writeFileSync(join(first.path, "a"), "2");
    rmSync(join(first.path, "gone"));
    const below = [await seal(workdir, first)];
    const second = await stage(workdir, { below });
    expect(readTree(second.path)).toEqual(['a file 644 "2"']);
    expect(readFileSync(at("a"), "utf8")).toBe("1");
  });

  test("a frozen folder is shown as a link to the live one", async () => {
    const workdir = await workdirWith({ "node_modules/x/index.js": "1", a: "" });
    const view = await stage(workdir);
    expect(readlinkSync(join(view.path, "node_modules"))).toBe(at("node_modules"));
    expect((await seal(workdir, view)).changes).toEqual([]);
  });

  test("who declares a file in a frozen folder is shown the folder", async () => {
    const workdir = await workdirWith({ "node_modules/x/index.js": "1", a: "" });
    const view = await stage(workdir, { shown: ["node_modules/x/index.js"] });
    expect(readFileSync(join(view.path, "node_modules/x/index.js"), "utf8")).toBe("1");
    expect((await seal(workdir, view)).changes).toEqual([]);
  });

  test("what was seen past the view is not certain where something was committed meanwhile, whatever it is now", async () => {
    const workdir = await workdirWith({ a: "1", "d/b": "1", c: "1" });
    const view = await stage(workdir);
    await commit(workdir, (path) => writeFileSync(join(path, "a"), "2"));
    await commit(workdir, (path) => writeFileSync(join(path, "a"), "1"));
    await commit(workdir, (path) => writeFileSync(join(path, "d/b"), "2"));
    const past = ["a", "d", "c"].map((path) => ({ path, kind: "content" as const }));
    const effects = await workdir.seal(view, {
      ...{ succeeded: true, quiet: true },
      observed: { observations: [], past, incomplete: null },
    });
    expect((await workdir.validate(effects)).conflicts.map(({ path }) => path)).toEqual(["a", "d"]);
    const later = await stage(workdir);
    const certain = await workdir.seal(later, {
      ...{ succeeded: true, quiet: true },
      observed: { observations: [], past, incomplete: null },
    });
    expect((await workdir.validate(certain)).conflicts).toEqual([]);
  });

  test("asking for a path brings it, with what its links lead to, and makes it a read", async () => {
    const workdir = await workdirWith({
      "notes/a": "text",
      alias: { link: "notes/a" },
      out: { link: "/etc" },
    });
    const view = await stage(workdir, { shown: [] });
    expect(await view.read("alias")).toBe(true);
    expect(readFileSync(join(view.path, "alias"), "utf8")).toBe("text");
    expect(await view.read("absent/file")).toBe(false);
    expect(await view.read("out")).toBe(true);
    const effects = await seal(workdir, view);
    expect(effects.changes).toEqual([]);
    await commit(workdir, (path) => writeFiles(path, { "absent/file": "now" }));
    expect((await workdir.validate(effects)).conflicts).toEqual([
      { path: "absent", with: expect.any(String) },
    ]);
  });

  test.each(["../secret", "/etc/passwd", ".sheaf/lock.db", "a/../../b"])(
    "asking for %s is refused",
    async (path) => {
      const workdir = await workdirWith({});
      const view = await stage(workdir, { shown: [] });
      await expect(view.read(path)).rejects.toThrow(/below the shared directory/);
    },
  );

  test("asking for a path that the attempt has made itself changes nothing", async () => {
    const workdir = await workdirWith({ a: "theirs" });
    const view = await stage(workdir, { shown: [] });
    writeFileSync(join(view.path, "a"), "own");
    await view.read("a");
    expect(readFileSync(join(view.path, "a"), "utf8")).toBe("own");
  });
});

describe("changes", () => {
  test("new, changed, removed, moved, linked and chmodded entries arrive in the live directory", async () => {
    const workdir = await workdirWith({ edit: "1", drop: "2", "from/x": "3", exec: "4", kept: "5" });
    await commit(workdir, (view) => {
      writeFileSync(join(view, "edit"), "changed");
      rmSync(join(view, "drop"));
      renameSync(join(view, "from"), join(view, "to"));
      chmodSync(join(view, "exec"), 0o755);
      symlinkSync("to/x", join(view, "ln"));
      mkdirSync(join(view, "deep/er"), { recursive: true });
      writeFileSync(join(view, "kept"), "5");
    });
    expect(readTree(shared())).toEqual([
      "deep/ folder 755",
      "deep/er/ folder 755",
      'edit file 644 "changed"',
      'exec file 755 "4"',
      'kept file 644 "5"',
      "ln link -> to/x",
      "to/ folder 755",
      'to/x file 644 "3"',
    ]);
  });

  test("rewriting the same bytes is no change, and a same-size rewrite within a clock tick is one", async () => {
    const workdir = await workdirWith({ a: "same", b: "old!" });
    const view = await stage(workdir);
    writeFileSync(join(view.path, "a"), "same");
    writeFileSync(join(view.path, "b"), "new!");
    expect((await seal(workdir, view)).changes.map(({ path }) => path)).toEqual(["b"]);
  });

  test("a rewrite that leaves size and time as they were is noticed in a file that was young when it was staged", async () => {
    const workdir = await workdirWith({ a: "old!" });
    const view = await stage(workdir);
    const file = join(view.path, "a");
    // What a file system with a slow clock makes of a write in the tick of the staging.
    const seconds = Number(statSync(file, { bigint: true }).mtimeNs / 1_000n) / 1e6;
    writeFileSync(file, "new!");
    utimesSync(file, seconds, seconds);
    expect((await seal(workdir, view)).changes.map(({ path }) => path)).toEqual(["a"]);
  });

  test("a folder in the place of a file, and a file in the place of a folder", async () => {
    const workdir = await workdirWith({ a: "file", "b/inner": "x" });
    await commit(workdir, (view) => {
      rmSync(join(view, "a"));
      writeFiles(view, { "a/now": "folder" });
      rmSync(join(view, "b"), { recursive: true });
      writeFileSync(join(view, "b"), "file");
    });
    expect(readTree(shared())).toEqual(["a/ folder 755", 'a/now file 644 "folder"', 'b file 644 "file"']);
  });

  test("a failed attempt writes nothing, and what it read is still known", async () => {
    const workdir = await workdirWith({ a: "1" });
    const view = await stage(workdir);
    writeFileSync(join(view.path, "a"), "2");
    const effects = await workdir.seal(view, { succeeded: false, quiet: true, observed: null });
    expect(effects.changes).toEqual([]);
    await commit(workdir, (path) => writeFileSync(join(path, "a"), "3"));
    expect((await workdir.validate(effects)).conflicts).toMatchObject([{ path: "a" }]);
  });

  test("bytes that are written after the seal do not reach the layer", async () => {
    const workdir = await workdirWith({});
    const view = await stage(workdir);
    writeFileSync(join(view.path, "a"), "sealed");
    const effects = await seal(workdir, view, false);
    appendFileSync(join(view.path, "a"), " and later");
    await workdir.commit(effects);
    expect(readFileSync(at("a"), "utf8")).toBe("sealed");
  });

  test("a written file with a second name is copied, so that the other name cannot change it", async () => {
    const workdir = await workdirWith({});
    const view = await stage(workdir);
    writeFileSync(join(view.path, "a"), "sealed");
    linkSync(join(view.path, "a"), join(place.path, "outside-name"));
    const effects = await seal(workdir, view);
    appendFileSync(join(place.path, "outside-name"), " and later");
    await workdir.commit(effects);
    expect(readFileSync(at("a"), "utf8")).toBe("sealed");
  });
});

describe("validation by value", () => {
  test("a task is in conflict with the earlier one that wrote what it saw, and with no other", async () => {
    const workdir = await workdirWith({ a: "1", b: "1" });
    const reader = await stage(workdir, { taskId: "reader", shown: ["a"] });
    const bystander = await stage(workdir, { taskId: "bystander", shown: ["b"] });
    await commit(workdir, (view) => writeFileSync(join(view, "a"), "2"), { taskId: "writer" });
    expect((await workdir.validate(await seal(workdir, reader))).conflicts).toEqual([
      { path: "a", with: "writer" },
    ]);
    expect((await workdir.validate(await seal(workdir, bystander))).conflicts).toEqual([]);
  });

  test("a file that came back to its old bytes is no conflict", async () => {
    const workdir = await workdirWith({ a: "1" });
    const reader = await stage(workdir, { shown: ["a"] });
    await commit(workdir, (view) => writeFileSync(join(view, "a"), "2"));
    await commit(workdir, (view) => writeFileSync(join(view, "a"), "1"));
    expect((await workdir.validate(await seal(workdir, reader))).conflicts).toEqual([]);
  });

  test("a new name in a declared folder is a conflict, as is a file that was absent", async () => {
    const workdir = await workdirWith({ "d/a": "1" });
    const lister = await stage(workdir, { shown: ["d/*"] });
    const prober = await stage(workdir, { shown: ["new"] });
    await commit(workdir, (view) => writeFiles(view, { "d/b": "2", new: "3" }));
    expect((await workdir.validate(await seal(workdir, lister))).conflicts).toMatchObject([{ path: "d/b" }]);
    expect((await workdir.validate(await seal(workdir, prober))).conflicts).toMatchObject([{ path: "new" }]);
  });

  test("two tasks that both make the folder that leads to what they write are not in conflict", async () => {
    const workdir = await workdirWith({});
    const declare = (path: string) => ({ shown: [path], writes: [path] });
    const first = await stage(workdir, declare("out/a"));
    const second = await stage(workdir, declare("out/b"));
    writeFiles(first.path, { "out/a": "1" });
    writeFiles(second.path, { "out/b": "2" });
    await workdir.commit(await seal(workdir, first));
    const effects = await seal(workdir, second);
    expect((await workdir.validate(effects)).conflicts).toEqual([]);
    await workdir.commit(effects);
    expect(readTree(shared())).toEqual(["out/ folder 755", 'out/a file 644 "1"', 'out/b file 644 "2"']);
  });

  test("that both made a folder does not hide that one read what the other wrote in it", async () => {
    const workdir = await workdirWith({});
    const second = await stage(workdir, { shown: ["out/a", "out/b"], writes: ["out/b"] });
    writeFiles(second.path, { "out/b": "2" });
    await commit(workdir, (view) => writeFiles(view, { "out/a": "1" }));
    expect((await workdir.validate(await seal(workdir, second))).conflicts).toMatchObject([
      { path: "out/a" },
    ]);
  });

  test("a folder that leads to what a task reads and is gone, or became a file, is a conflict", async () => {
    const workdir = await workdirWith({ "d/x": "1" });
    const reader = await stage(workdir, { shown: ["d/absent"] });
    await commit(workdir, (view) => rmSync(join(view, "d"), { recursive: true }));
    expect((await workdir.validate(await seal(workdir, reader))).conflicts).toMatchObject([{ path: "d" }]);
  });

  test("a mode and a link target are part of the value", async () => {
    const workdir = await workdirWith({ a: "1", l: { link: "a" } });
    const reader = await stage(workdir, { shown: ["a", "l"] });
    await commit(workdir, (view) => {
      chmodSync(join(view, "a"), 0o600);
      rmSync(join(view, "l"));
      symlinkSync("b", join(view, "l"));
    });
    const { conflicts } = await workdir.validate(await seal(workdir, reader));
    expect(conflicts.map(({ path }) => path)).toEqual(["a", "l"]);
  });
});

describe("what a task may not do", () => {
  test("writes beside the declared ones are named, folders on the way are not", async () => {
    const workdir = await workdirWith({ a: "1" });
    const view = await stage(workdir, { shown: ["a"], writes: ["out/*.txt"] });
    writeFiles(view.path, { "out/x.txt": "1", "out/y.md": "2", a: "changed" });
    expect((await seal(workdir, view)).undeclared).toEqual(["a", "out/y.md"]);
  });

  test(".git is read-only unless the task declares to write it", async () => {
    const workdir = await workdirWith({ ".git/index": "1" });
    const plain = await stage(workdir);
    writeFileSync(join(plain.path, ".git/index"), "2");
    expect((await seal(workdir, plain)).undeclared).toEqual([".git/index"]);
    const declared = await stage(workdir, { writes: [".git/**"] });
    writeFileSync(join(declared.path, ".git/index"), "2");
    expect((await seal(workdir, declared)).undeclared).toEqual([]);
  });

  test("a frozen folder is not replaced, and not made, unless declared", async () => {
    const workdir = await workdirWith({ "node_modules/x": "1" });
    const view = await stage(workdir);
    rmSync(join(view.path, "node_modules"));
    writeFiles(view.path, { "node_modules/y": "2", "web/node_modules/z": "3" });
    const { undeclared } = await seal(workdir, view);
    expect(undeclared).toEqual(expect.arrayContaining(["node_modules", "web/node_modules/z"]));
    expect(existsSync(at("node_modules/x"))).toBe(true);
  });

  test("a folder that some task declares to write is an ordinary one", async () => {
    const workdir = await workdirWith({ "node_modules/x": "1" }, { declaredWrites: ["node_modules/**"] });
    const view = await stage(workdir, { writes: ["node_modules/**"] });
    expect(readFileSync(join(view.path, "node_modules/x"), "utf8")).toBe("1");
    writeFileSync(join(view.path, "node_modules/x"), "2");
    await workdir.commit(await seal(workdir, view));
    expect(readFileSync(at("node_modules/x"), "utf8")).toBe("2");
  });

  test("a write under a name where there is something that was not shown is refused as a whole", async () => {
    const workdir = await workdirWith({ "d/inner": "1", l: { link: "/etc" } });
    const view = await stage(workdir, { shown: [] });
    writeFiles(view.path, { d: "file", fine: "1" });
    expect(await workdir.commit(await seal(workdir, view))).toMatchObject({ status: "refused", path: "d" });
    const through = await stage(workdir, { shown: [] });
    writeFiles(through.path, { "l/passwd": "mine" });
    expect(await workdir.commit(await seal(workdir, through))).toMatchObject({
      status: "refused",
      path: "l",
    });
    expect(readTree(shared())).toEqual(["d/ folder 755", 'd/inner file 644 "1"', "l link -> /etc"]);
  });
});

describe("nothing leads outside", () => {
  test("a link out of the view is taken as a link and not followed", async () => {
    const outside = join(place.path, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "theirs"), "x");
    const workdir = await workdirWith({ "d/a": "1" });
    await commit(workdir, (view) => {
      rmSync(join(view, "d"), { recursive: true });
      symlinkSync(outside, join(view, "d"));
    });
    expect(readTree(shared())).toEqual([`d link -> ${outside}`]);
    expect(readdirSync(outside)).toEqual(["theirs"]);
  });

  test("a live folder that somebody replaced by a link is not written through", async () => {
    const outside = join(place.path, "outside");
    mkdirSync(outside);
    const workdir = await workdirWith({ "d/a": "1" });
    const view = await stage(workdir);
    writeFileSync(join(view.path, "d/a"), "2");
    const effects = await seal(workdir, view);
    rmSync(at("d"), { recursive: true });
    symlinkSync(outside, at("d"));
    const published = await workdir.commit(effects);
    expect(published).toMatchObject({ status: "committed", outside: ["d", "d/a"] });
    expect(readFileSync(at("d/a"), "utf8")).toBe("2");
    expect(readdirSync(outside)).toEqual([]);
  });

  test("sockets and pipes in a view are no files and stay behind", async () => {
    const workdir = await workdirWith({});
    await commit(workdir, (view) => {
      expect(spawnSync("mkfifo", [join(view, "pipe")]).status).toBe(0);
      writeFileSync(join(view, "a"), "1");
    });
    expect(readTree(shared())).toEqual(['a file 644 "1"']);
  });
});

describe("changes from outside", () => {
  test("a file that somebody changed meanwhile is kept aside before it is replaced, and named", async () => {
    const workdir = await workdirWith({ a: "1" });
    rmSync(at("a"));
    writeFileSync(at("a"), "precious");
    const result = await commit(workdir, (view) => writeFileSync(join(view, "a"), "2"));
    expect(result).toMatchObject({ status: "committed", outside: ["a"] });
    expect(readFileSync(at("a"), "utf8")).toBe("2");
    expect(readFileSync(at(".sheaf/runs/r1/outside/a"), "utf8")).toBe("precious");
  });

  test("a file that somebody put where a new one goes is kept aside", async () => {
    const workdir = await workdirWith({});
    writeFileSync(at("new"), "theirs");
    await commit(workdir, (view) => writeFileSync(join(view, "new"), "ours"));
    expect(readFileSync(at(".sheaf/runs/r1/outside/new"), "utf8")).toBe("theirs");
  });

  test("verify names what changed, came and went", async () => {
    const workdir = await workdirWith({ a: "1", b: "2", kept: "3" });
    await commit(workdir, (view) => writeFileSync(join(view, "kept"), "4"));
    expect(await workdir.verify()).toEqual({ outside: [], frozen: [] });
    writeFileSync(at("a"), "edited");
    rmSync(at("b"));
    writeFileSync(at("c"), "new");
    expect([...(await workdir.verify()).outside].sort()).toEqual(["a", "b", "c"]);
  });

  test("verify names what was written to a frozen folder", async () => {
    const workdir = await workdirWith({ "node_modules/x/index.js": "1" });
    const view = await stage(workdir);
    writeFileSync(join(view.path, "node_modules/x/index.js"), "2");
    await workdir.commit(await seal(workdir, view));
    writeFiles(shared(), { "node_modules/.cache/tool": "a cache is nobody's input" });
    expect((await workdir.verify()).frozen).toEqual(["node_modules/x/index.js"]);
  });

  test("an edit in place that shows through the base is noticed when a view needs the file", async () => {
    const workdir = await workdirWith({ a: "1" });
    appendFileSync(at("a"), "edited");
    await expect(stage(workdir)).rejects.toMatchObject({ code: "CHANGED_OUTSIDE" });
  });
});

describe("a task that replaces its own work directory", () => {
  test.each(["copy", "hardlink"] as const)(
    "by a link to somebody's files takes none of them, %s",
    async (rung) => {
      const workdir = await workdirWith({ a: "1", "d/x": "1" }, { rung });
      const victim = join(place.path, "victim");
      writeFiles(victim, { a: "precious", "d/x": "precious" });
      const [whole, part] = [
        await stage(workdir, { writes: ["o"] }),
        await stage(workdir, { writes: ["d/**"] }),
      ];
      rmSync(whole.path, { recursive: true });
      symlinkSync(victim, whole.path);
      rmSync(join(part.path, "d"), { recursive: true });
      symlinkSync(join(victim, "d"), join(part.path, "d"));
      await expect(seal(workdir, whole)).rejects.toThrow(/removed or replaced its own work directory/);
      expect((await seal(workdir, part)).changes).toMatchObject([
        { op: "put", path: "d" },
        { op: "rmdir", path: "d" },
        { op: "remove", path: "d/x" },
      ]);
      for (const view of [whole, part]) await workdir.discard(view);
      await workdir.close({ keep: false });
      expect(readFileSync(join(victim, "a"), "utf8")).toBe("precious");
      expect(readFileSync(join(victim, "d/x"), "utf8")).toBe("precious");
    },
  );
});

describe("a write that hides itself", () => {
  const rewrite = (file: string): void => {
    const { atime, mtime } = statSync(file);
    writeFileSync(file, "2");
    utimesSync(file, atime, mtime);
  };
  const old = async (options: Partial<WorkdirOptions> = {}): Promise<Workdir> => {
    mkdirSync(shared(), { recursive: true });
    writeFiles(shared(), { v: "1" });
    utimesSync(at("v"), 946_684_800, 946_684_800);
    return workdirWith({}, options);
  };

  test("by the size and time that the file had is seen all the same", async () => {
    const workdir = await old();
    await commit(workdir, (view) => rewrite(join(view, "v")));
    expect(readFileSync(at("v"), "utf8")).toBe("2");
  });

  test("through a link is seen by everybody who was shown the file, those who failed included", async () => {
    const workdir = await old({ rung: "hardlink" });
    const [writer, reader, failing] = [
      await stage(workdir, { writes: ["out"] }),
      await stage(workdir, { writes: ["out"] }),
      await stage(workdir, { writes: ["out"] }),
    ];
    rewrite(join(writer.path, "v"));
    const failed = await workdir.seal(failing, { succeeded: false, quiet: true, observed: null });
    expect((await workdir.validate(failed)).conflicts).toMatchObject([{ path: "v" }]);
    expect((await workdir.validate(await seal(workdir, reader))).conflicts).toMatchObject([{ path: "v" }]);
    const after = await stage(workdir, { writes: ["out"] });
    expect(readFileSync(join(after.path, "v"), "utf8")).toBe("1");
  });

  test("is not suspected where views only come and go", async () => {
    const workdir = await old({ rung: "hardlink" });
    const [first, second] = [
      await stage(workdir, { writes: ["out"] }),
      await stage(workdir, { writes: ["out"] }),
    ];
    await workdir.discard(second);
    rmSync(join(first.path, "v"));
    const third = await stage(workdir, { writes: ["out"] });
    expect((await workdir.validate(await seal(workdir, third))).conflicts).toEqual([]);
  });
});

describe("what a killed session has left in the run's folder", () => {
  const afterKill = async (options: Partial<WorkdirOptions> = {}): Promise<Workdir> => {
    const killed = await workdirWith({ a: "1" });
    await killed.close({ keep: true });
    writeFiles(at(".sheaf/runs/r1"), {
      ...{ "trash/0/half": "", "trash/1/0/half": "" },
      ...{ "links/0": { text: "kept", mode: 0o444 }, "links/1/0": { text: "kept", mode: 0o444 } },
    });
    return workdirWith({}, options);
  };

  test("keeps no view from being removed", async () => {
    const workdir = await afterKill();
    const view = await stage(workdir);
    await workdir.discard(view);
    expect(existsSync(view.path)).toBe(false);
  });

  test("is not written to, as a work directory that was kept may be linked to it", async () => {
    const workdir = await afterKill({ rung: "hardlink" });
    const view = await stage(workdir, { writes: ["out"] });
    const left = ["links/0", "links/1/0"].map((path) => readFileSync(at(`.sheaf/runs/r1/${path}`), "utf8"));
    expect([...left, readFileSync(join(view.path, "a"), "utf8")]).toEqual(["kept", "kept", "1"]);
  });
});

describe("a kill in the middle of publishing", () => {
  test("the next run finishes it, and leaves no temporary file", async () => {
    const workdir = await workdirWith({ a: "1", b: "1", c: "1" });
    const view = await stage(workdir);
    writeFiles(view.path, { a: "2", b: "2", "d/new": "2" });
    rmSync(join(view.path, "c"));
    await workdir.commit(await seal(workdir, view));
    const after = readTree(shared());
    // As if the process had died half way: the redo file is there, some files are old, a temporary one is left.
    for (const path of ["b", "d"]) rmSync(at(path), { recursive: true });
    writeFiles(shared(), { b: "1", c: "1" });
    writeFileSync(at(".sheaf-publishing-999"), "half");
    leaveRedo(["remove c", "mkdir d", "put a", "put b", "put d/new"]);
    await workdir.close({ keep: true });

    const next = await workdirWith({}, { runDir: at(".sheaf/runs/r2"), runId: "r2" });
    expect(next.recovered).toBe(5);
    expect(readTree(shared())).toEqual(after);
    expect(existsSync(at(".sheaf/runs/r2/outside"))).toBe(false);
    expect(JSON.parse(readFileSync(at(".sheaf/record.json"), "utf8")).of.taskId).toBe("t");
  });

  test("what somebody has put in the way since is kept aside, whatever it is", async () => {
    const workdir = await workdirWith({ a: "1", b: "1", c: "1" });
    const view = await stage(workdir);
    writeFiles(view.path, { a: "2", b: "2", "d/new": "2" });
    await workdir.commit(await seal(workdir, view));
    for (const path of ["a", "b", "d"]) rmSync(at(path), { recursive: true });
    writeFiles(shared(), { a: "1", b: "1" });
    leaveRedo(["mkdir d", "put a", "put b", "put d/new"]);
    writeFiles(shared(), { a: "mine", d: "a file of mine" });
    rmSync(at("b"));
    mkdirSync(at("b"));
    await workdir.close({ keep: true });

    await workdirWith({}, { runDir: at(".sheaf/runs/r2"), runId: "r2" });
    expect(["a", "b", "d/new"].map((path) => readFileSync(at(path), "utf8"))).toEqual(["2", "2", "2"]);
    const aside = at(".sheaf/runs/r2/outside");
    expect(readFileSync(join(aside, "a"), "utf8")).toBe("mine");
    expect(readFileSync(join(aside, "d"), "utf8")).toBe("a file of mine");
    expect(statSync(join(aside, "b")).isDirectory()).toBe(true);
  });

  test("a redo file that cannot be used is told with what to do", async () => {
    mkdirSync(at(".sheaf"), { recursive: true });
    const torn = withChecksum({ version: 4, changes: [] }).replace("[]", "{}");
    for (const text of ["{", '{"version":1}', withChecksum({ version: 3 }), torn]) {
      writeFileSync(at(".sheaf/publishing.json"), text);
      await expect(workdirWith({})).rejects.toThrow(/publishing\.json .*remove it/);
    }
  });

  /** Writes the redo file of these changes as a process leaves it that dies; bytes are those of the first layer. */
  function leaveRedo(changes: readonly string[]): void {
    const layers = at(".sheaf/runs/r1/layers/1/");
    const [name] = readdirSync(layers);
    const stat = (path: string) => {
      const now = lstatSync(at(path), { bigint: true, throwIfNoEntry: false });
      if (now === undefined) return null;
      return [`${now.ino}`, Number(now.size), Number(now.mode) & 0o777, `${now.mtimeNs}`, `${now.ctimeNs}`];
    };
    const parsed = changes.map((text) => text.split(" ") as [string, string]);
    const redo = {
      version: 4,
      changes: parsed.map(([op, path]) => {
        const file = {
          kind: "file",
          mode: 0o644,
          path: join(layers, name!, path),
          size: 1,
          mtimeNs: "1",
          hash: null,
        };
        return { op, path, ...(op === "put" ? { entry: file } : op === "mkdir" ? { mode: 0o755 } : {}) };
      }),
      before: parsed.map(([, path]) => stat(path)),
      record: { file: at(".sheaf/record.json"), record: { taskId: "t", changes: [], undo: [] } },
    };
    writeFileSync(at(".sheaf/publishing.json"), withChecksum(redo));
  }
});

describe("a change that cannot be made", () => {
  test("takes back what was made before it, and the next commit goes on from there", async () => {
    const workdir = await workdirWith({ a: "1", b: "1", "sub/x": "1" });
    const before = readTree(shared());
    const view = await stage(workdir);
    writeFiles(view.path, { a: "2", "new/y": "2", z: "2" });
    rmSync(join(view.path, "sub"), { recursive: true });
    const effects = await seal(workdir, view);
    rmSync(join(at(".sheaf/runs/r1/layers/1"), readdirSync(at(".sheaf/runs/r1/layers/1"))[0]!, "z"));
    await expect(workdir.commit(effects)).rejects.toThrow(/z cannot be written \(ENOENT\)/);
    expect(readTree(shared())).toEqual(before);
    expect(existsSync(at(".sheaf/publishing.json"))).toBe(false);
    expect(workdir.committed()).toEqual([]);
    await commit(workdir, (dir) => writeFileSync(join(dir, "b"), "3"));
    expect((await workdir.verify()).outside).toEqual([]);
    expect(readFileSync(at("b"), "utf8")).toBe("3");
  });
});

describe("one run at a time", () => {
  test("a second run on the directory, on one above or one below is refused and names the holder", async () => {
    await workdirWith({ "sub/x": "1" });
    const other = (dir: string) =>
      openWorkdir({
        dir,
        runDir: join(dir, ".sheaf/runs/r2"),
        runId: "r2",
        frozen: [],
        declaredWrites: [],
        shown: "everything",
      });
    await expect(other(shared())).rejects.toMatchObject({ code: "DIR_BUSY" });
    await expect(other(shared())).rejects.toThrow(/run r1, process \d+/);
    await expect(other(at("sub"))).rejects.toMatchObject({ code: "DIR_BUSY" });
    await expect(other(place.path)).rejects.toMatchObject({ code: "DIR_BUSY" });
  });

  test("a lock above that cannot be opened is named", async () => {
    mkdirSync(shared());
    writeFiles(place.path, { ".sheaf/lock.db": "no database" });
    await expect(workdirWith({})).rejects.toThrow(
      `The directory ${place.path} cannot be used: whether a run holds it cannot be told, as ${place.path}/.sheaf/lock.db cannot be opened`,
    );
  });

  test("the directory is free again after close, and after the holder was killed", async () => {
    const first = await workdirWith({});
    await first.close({ keep: false });
    const script = `
      const { DatabaseSync } = require(${JSON.stringify(sqlite)});
      const db = new DatabaseSync(${JSON.stringify(at(".sheaf/lock.db"))});
      db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      console.log("held");
      setInterval(() => {}, 1000);
    `;
    const holder = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    await expect(workdirWith({}, { runId: "r2" })).rejects.toMatchObject({ code: "DIR_BUSY" });
    holder.kill("SIGKILL");
    await new Promise((resolve) => holder.once("exit", resolve));
    await expect(workdirWith({}, { runId: "r3", runDir: at(".sheaf/runs/r3") })).resolves.toBeDefined();
  });

  test("a folder that is not there, or is a file, is refused", async () => {
    writeFileSync(join(place.path, "file"), "");
    for (const name of ["absent", "file"]) {
      const dir = join(place.path, name);
      const refused = openWorkdir({
        dir,
        runDir: join(dir, "r"),
        runId: "r",
        frozen: [],
        declaredWrites: [],
        shown: [],
      });
      await expect(refused).rejects.toMatchObject({ code: "DIR_UNUSABLE" });
    }
  });
});

test.each<[string, ObservationKind, (folder: string) => void]>([
  ["sets the mode of a folder to what it was", "content", (folder) => chmodSync(folder, 0o755)],
  [
    "removes a folder and makes it anew",
    "listing",
    (folder) => {
      rmdirSync(folder);
      mkdirSync(folder, { mode: 0o755 });
    },
  ],
])("who %s has read its mode", async (_what, kind, act) => {
  const workdir = await workdirWith({ "d/": "" });
  const observed = { observations: [{ path: "d", kind }], incomplete: null };
  const sealed = async (view: View) => workdir.seal(view, { succeeded: true, quiet: true, observed });
  const [first, second] = [await stage(workdir), await stage(workdir)];
  chmodSync(join(first.path, "d"), 0o700);
  act(join(second.path, "d"));
  const effects = await sealed(second);
  await workdir.commit(await sealed(first));
  expect((await workdir.validate(effects)).conflicts).toMatchObject([{ path: "d" }]);
});

test("who wrote over a file has seen that there was one, whose mode it keeps", async () => {
  const workdir = await workdirWith({ x: "old" });
  const observed = { observations: [{ path: "x", kind: "written" as const }], incomplete: null };
  const [first, second] = [await stage(workdir), await stage(workdir)];
  writeFileSync(join(second.path, "x"), "new");
  const effects = await workdir.seal(second, { succeeded: true, quiet: true, observed });
  rmSync(join(first.path, "x"));
  await workdir.commit(await seal(workdir, first));
  expect((await workdir.validate(effects)).conflicts).toMatchObject([{ path: "x" }]);
});

test.each([
  ["an unusual mode saw", 0o600, [{ path: "x" }]],
  ["the usual mode did not see", 0o666 & ~process.umask(), []],
])("who made a file with %s that there was none", async (_what, mode, conflicts) => {
  const workdir = await workdirWith({});
  const observed = { observations: [{ path: "x", kind: "written" as const }], incomplete: null };
  const sealed = async (view: View, made: number): Promise<Effects> => {
    writeFileSync(join(view.path, "x"), `made by ${view.taskId}`);
    chmodSync(join(view.path, "x"), made);
    return workdir.seal(view, { succeeded: true, quiet: true, observed });
  };
  const [first, second] = [await stage(workdir), await stage(workdir)];
  const effects = await sealed(second, mode);
  await workdir.commit(await sealed(first, 0o666 & ~process.umask()));
  expect((await workdir.validate(effects)).conflicts).toMatchObject(conflicts);
});

test("of what was looked at in a frozen folder only the folder counts", async () => {
  const workdir = await workdirWith({ "a/node_modules/p/i.js": "1", "a/b": "b" });
  const view = await stage(workdir);
  const looks = ["a/node_modules/p/i.js", "a/node_modules/absent", "a/b"];
  const observations = looks.map((path) => ({ path, kind: "content" as const }));
  const observed = { observations, incomplete: null };
  const effects = await workdir.seal(view, { succeeded: true, quiet: true, observed });
  const { reads } = await workdir.keep(effects);
  expect(reads.observed.map(([kind, path]) => [kind, path])).toEqual([
    ["exists", "a/node_modules"],
    ["content", "a/b"],
  ]);
});
