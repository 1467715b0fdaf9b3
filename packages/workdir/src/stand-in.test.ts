import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openWorkdir, type View, type Workdir } from "./index.ts";
import { standInFor } from "./stand-in.ts";
import { visible } from "./visible.ts";

let place: TempDir;
beforeEach(() => {
  place = tempDir();
});
afterEach(() => place[Symbol.dispose]());

const at = (path: string): string => join(place.path, "shared", path);

function shared(files: Parameters<typeof writeFiles>[1]): void {
  mkdirSync(at(""), { recursive: true });
  writeFiles(at(""), files);
}

const frozen = visible(["**/node_modules"]);

async function standIn(path = "node_modules"): Promise<object | null> {
  const target = realpathSync(at(path));
  const found = await standInFor({ root: realpathSync(at("")), path, target, frozen });
  return found === null ? null : Object.fromEntries(found);
}

describe("what stands in for a frozen folder", () => {
  test("nothing where no link leads back: into itself, into another one, out of the directory, nowhere", async () => {
    shared({
      "node_modules/a/package.json": "{}",
      "node_modules/.bin/a": { link: "../a/package.json" },
      "node_modules/inner": { link: "a" },
      "node_modules/other": { link: "../web/node_modules/b" },
      "node_modules/out": { link: "/etc" },
      "node_modules/above": { link: "../../beside" },
      "node_modules/state": { link: "../.sheaf/x" },
      "web/node_modules/b/index.js": "",
    });
    expect(await standIn()).toBeNull();
  });

  test("a folder of links, those that lead back made anew, as npm lays out a workspace", async () => {
    shared({
      "node_modules/lodash/index.js": "",
      "node_modules/.package-lock.json": "{}",
      "node_modules/@acme/core": { link: "../../packages/core" },
      "node_modules/@acme/own/index.js": "",
      "node_modules/.bin/core": { link: "../@acme/core/cli.js" },
      "packages/core/cli.js": "",
    });
    expect(await standIn()).toEqual({
      ".package-lock.json": at("node_modules/.package-lock.json"),
      ".bin": at("node_modules/.bin"),
      "@acme": null,
      lodash: at("node_modules/lodash"),
      "@acme/core": "../../packages/core",
      "@acme/own": at("node_modules/@acme/own"),
    });
  });

  test("links to packages stay in the frozen store, and those to the workspace do not, as pnpm lays it out", async () => {
    shared({
      "node_modules/.pnpm/b@1/node_modules/b/index.js": "",
      "node_modules/.pnpm/node_modules/b": { link: "../b@1/node_modules/b" },
      "packages/app/node_modules/b": { link: "../../../node_modules/.pnpm/b@1/node_modules/b" },
      "packages/app/node_modules/@acme/core": { link: "../../../core" },
      "packages/app/node_modules/..odd": { link: "../..odd" },
      "packages/core/index.js": "",
    });
    expect(await standIn()).toBeNull();
    expect(await standIn("packages/app/node_modules")).toEqual({
      "..odd": "../..odd",
      "@acme": null,
      b: at("packages/app/node_modules/b"),
      "@acme/core": "../../../core",
    });
  });

  test("a link back by an absolute path, from a folder that is a link itself, and to the directory", async () => {
    shared({
      "packages/core/index.js": "",
      "store/core": { link: at("packages/core") },
      "store/all": { link: ".." },
      node_modules: { link: "store" },
    });
    expect(await standIn()).toEqual({ core: "../packages/core", all: ".." });
  });
});

const WORKSPACE = {
  "packages/core/v": "old",
  "node_modules/@acme/core": { link: "../../packages/core" },
  "node_modules/lodash/index.js": "1",
};

describe.each(["copy", "hardlink"] as const)("views by %s", (rung) => {
  let workdir: Workdir;
  beforeEach(async () => {
    shared(WORKSPACE);
    workdir = await openWorkdir({
      ...{ dir: at(""), runDir: at(".sheaf/runs/r1"), runId: "r1", rung, shown: "everything" },
      ...{ frozen: ["**/node_modules"], declaredWrites: [] },
    });
  });
  afterEach(() => workdir.close({ keep: false }));

  let count = 0;
  const stage = (request: object = {}): Promise<View> => {
    const id = `t${++count}`;
    return workdir.stage({
      ...{ taskId: id, folder: id, attempt: 1, shown: "everything", writes: null, below: [] },
      ...{ mayLink: true, enters: false, fresh: false },
      ...request,
    });
  };
  const sealed = (view: View) => workdir.seal(view, { succeeded: true, quiet: true, observed: null });

  test("a link of a workspace leads into the view, and an untouched view has no changes", async () => {
    const view = await stage();
    expect(readTree(join(view.path, "node_modules/@acme"))).toEqual(["core link -> ../../packages/core"]);
    expect((await sealed(view)).changes).toEqual([]);
  });

  test("what is written through such a link is a change of the package", async () => {
    const view = await stage();
    writeFileSync(join(view.path, "node_modules/@acme/core/v"), "new");
    expect(await sealed(view)).toMatchObject({
      changes: [{ op: "put", path: "packages/core/v" }],
      undeclared: [],
    });
    expect(readTree(at("packages"))).toContain('core/v file 644 "old"');
  });

  test("what is put in, replaced or removed is a change of what is frozen, and caches of tools are none", async () => {
    const view = await stage();
    const there = (path: string): string => join(view.path, "node_modules", path);
    writeFiles(there(""), { ".cache/tool/x": "", new: "" });
    rmSync(there("@acme/core"));
    expect([...(await sealed(view)).undeclared].sort()).toEqual([
      "node_modules/@acme/core",
      "node_modules/new",
    ]);
  });

  test("asking for a path brings what the link on its way leads to", async () => {
    const view = await stage({ shown: [] });
    expect(await view.read("node_modules/@acme/core/v")).toBe(true);
    expect(readTree(join(view.path, "packages"))).toEqual(["core/ folder 755", 'core/v file 644 "old"']);
    expect(await view.read("node_modules/@acme/core/absent")).toBe(false);
    expect(await view.read("node_modules/lodash/index.js")).toBe(true);
  });
});
