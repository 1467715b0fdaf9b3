// What is on the disk when, and what becomes of records that are not as they were written.
import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { type TempDir, tempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readCommits } from "./commit-log.ts";
import { diskSync, foldersUpTo, fsyncEach, noSync, type Sync } from "./disk-sync.ts";
import { openWorkdir } from "./open-workdir.ts";
import type { Workdir } from "./workdir.ts";

let place: TempDir;
const at = (path: string): string => join(place.path, "shared", path);
const RUN = ".sheaf/runs/r1";

beforeEach(() => {
  place = tempDir();
  mkdirSync(at("sub"), { recursive: true });
  writeFileSync(at("a"), "old a");
  writeFileSync(at("sub/b"), "old b");
});
afterEach(() => place[Symbol.dispose]());

const open = (sync?: Sync): Promise<Workdir> =>
  openWorkdir({
    ...{ dir: at(""), runDir: at(RUN), runId: "r1", frozen: [], declaredWrites: [] },
    ...{ shown: "everything", rung: "copy", ...(sync === undefined ? {} : { sync }) },
  });

async function commit(
  workdir: Workdir,
  taskId: string,
  act: (view: string) => void,
  alongside?: readonly string[],
) {
  const view = await workdir.stage({
    ...{ taskId, folder: taskId, attempt: 1, shown: "everything", writes: null },
    ...{ below: [], mayLink: true, enters: true, fresh: false },
  });
  act(view.path);
  return workdir.commit(
    await workdir.seal(view, { succeeded: true, quiet: true, observed: null }),
    alongside,
  );
}

const change = (view: string): void => {
  writeFileSync(join(view, "a"), "new a");
  mkdirSync(join(view, "made/deep"), { recursive: true });
  writeFileSync(join(view, "made/deep/c"), "new c");
  rmSync(join(view, "sub/b"));
};

/** What is there at the moment of one call, by name. */
const seen = (): string =>
  [
    [".sheaf/publishing.json.new", "redo is written"],
    [".sheaf/publishing.json", "redo"],
    ["made/deep/c", "changes"],
    [`${RUN}/commits/000000.json.new`, "record is written"],
    [`${RUN}/commits/000000.json`, "record"],
  ]
    .filter(([path]) => existsSync(at(path!)))
    .map(([, name]) => name)
    .join(", ");

/** A disk that notes what it is asked for, below the shared directory, and what is there at that moment. */
function watched(): {
  readonly sync: Sync;
  readonly calls: { readonly seen: string; readonly paths: readonly string[] }[];
} {
  const calls: { seen: string; paths: readonly string[] }[] = [];
  const sync: Sync = (paths) => {
    const below = [...paths].map((path) => path.slice(at("").length).replace(/^\//, "") || ".");
    calls.push({ seen: seen(), paths: below.sort() });
  };
  return { sync, calls };
}

describe("a commit that survives a loss of power", () => {
  test("has each thing on the disk before the next one begins, and all of it before it is acknowledged", async () => {
    const { sync, calls } = watched();
    const workdir = await open(sync);
    calls.length = 0;
    await commit(workdir, "t", change);
    const layer = `${RUN}/layers/1/t-1`;
    expect(calls).toEqual([
      {
        seen: "redo is written",
        paths: [
          ".sheaf/publishing.json.new",
          ...[
            RUN,
            `${RUN}/base`,
            `${RUN}/base/1`,
            `${RUN}/base/1/a`,
            `${RUN}/base/1/sub`,
            `${RUN}/base/1/sub/b`,
          ],
          ...[`${RUN}/layers`, `${RUN}/layers/1`, layer, `${layer}/a`],
          ...[`${layer}/made`, `${layer}/made/deep`, `${layer}/made/deep/c`],
        ],
      },
      { seen: "redo", paths: [".sheaf"] },
      {
        seen: "redo, changes, record is written",
        paths: [
          ...[".", RUN, `${RUN}/commits/000000.json.new`],
          ...["a", "made", "made/deep", "made/deep/c", "sub"],
        ],
      },
      { seen: "redo, changes, record", paths: [`${RUN}/commits`] },
    ]);
    await workdir.close({ keep: true });
  });

  test("is taken back as durably: the redo file, the changes, then the record goes", async () => {
    const { sync, calls } = watched();
    const workdir = await open(sync);
    await commit(workdir, "t", change);
    calls.length = 0;
    await workdir.rewind(0);
    expect(calls.map((call) => call.seen)).toEqual([
      ...["redo is written, changes, record", "redo, changes, record", "redo, record", "redo"],
    ]);
    await workdir.close({ keep: true });
  });

  test("that cannot be made is not made by a redo file that comes back", async () => {
    const { sync, calls } = watched();
    const workdir = await open((paths) => {
      sync(paths);
      // The bytes of the last change are lost after they were put on the disk.
      if (seen() === "redo is written") rmSync(at(`${RUN}/layers/1/t-1/made/deep/c`), { force: true });
    });
    await expect(commit(workdir, "t", change)).rejects.toThrow("made/deep/c cannot be written");
    expect(calls.at(-2)!.seen).toBe("redo");
    expect(calls.at(-1)).toEqual({ seen: "", paths: [".sheaf"] });
    await workdir.close({ keep: true });
  });

  test("puts what else belongs to it on the disk first, even where it changes nothing", async () => {
    const { sync, calls } = watched();
    const workdir = await open(sync);
    await commit(workdir, "t", change, [at("beside")]);
    expect(calls.find(({ paths }) => paths.includes("beside"))?.seen).toBe("redo is written");
    calls.length = 0;
    await commit(workdir, "u", () => {}, [at("beside")]);
    expect(calls.map(({ paths }) => paths)).toEqual([["beside"]]);
    await workdir.close({ keep: true });
  });

  test("puts the folder on the disk from which the redo file has gone, when the run ends", async () => {
    const { sync, calls } = watched();
    const workdir = await open(sync);
    await commit(workdir, "t", change);
    calls.length = 0;
    await workdir.close({ keep: true });
    expect(calls).toEqual([{ seen: "changes, record", paths: [".sheaf"] }]);
  });

  test("is refused, with the directory as it was, when the disk fails", async () => {
    const workdir = await open((paths) => {
      if ([...paths].some((path) => path.endsWith("publishing.json.new"))) throw new Error("EIO");
    });
    await expect(commit(workdir, "t", change)).rejects.toThrow("EIO");
    expect([readFileSync(at("a"), "utf8"), existsSync(at("made"))]).toEqual(["old a", false]);
    expect(workdir.committed()).toEqual([]);
    await workdir.close({ keep: true });
  });
});

test("without that the system is never asked to put anything on the disk", async () => {
  const asked: string[] = [];
  const { fsyncSync, fdatasyncSync } = fs;
  fs.fsyncSync = () => void asked.push("fsync");
  fs.fdatasyncSync = () => void asked.push("fdatasync");
  syncBuiltinESMExports();
  try {
    const workdir = await open();
    await commit(workdir, "t", change);
    await workdir.close({ keep: false });
    expect(asked).toEqual([]);
    fsyncEach([at("a")]);
    expect(asked).toEqual(["fsync"]);
  } finally {
    Object.assign(fs, { fsyncSync, fdatasyncSync });
    syncBuiltinESMExports();
  }
});

describe("the disk", () => {
  test.each([
    ["fsync", async () => fsyncEach],
    ["what this machine has", diskSync],
  ])("%s takes files, folders, links and what is not there", async (_how, make) => {
    const sync = await make();
    symlinkSync("nowhere", at("link"));
    const paths = ["a", "sub", "sub/b", "link", "absent", ""].map(at);
    expect(() => sync(paths)).not.toThrow();
    expect(() => sync(["a"].map(at))).not.toThrow();
  });

  test("the folders that lead to a path end with the one that is named", () => {
    expect(foldersUpTo("/x/y/z/file", "/x")).toEqual(["/x/y/z", "/x/y", "/x"]);
    expect(foldersUpTo("/x/file", "/x")).toEqual(["/x"]);
    expect(foldersUpTo("/other/file", "/x/y/z/long")).toEqual([]);
  });
});

describe("the record of a commit", () => {
  const record = (n: number): string => at(`${RUN}/commits/00000${n}.json`);

  beforeEach(async () => {
    const workdir = await open(noSync);
    await commit(workdir, "one", change);
    await commit(workdir, "two", (view) => writeFileSync(join(view, "d"), "d"));
    await workdir.close({ keep: true });
  });

  test("that is as it was written is read", async () => {
    expect(readCommits(at(RUN)).map(({ taskId }) => taskId)).toEqual(["one", "two"]);
  });

  test.each<[string, () => void, string]>([
    [
      "with one letter changed",
      () => rewrite(0, (text) => text.replace('"made/deep/c"', '"made/deep/d"')),
      "checksum",
    ],
    ["that ends too early", () => rewrite(1, (text) => text.slice(0, -5)), "checksum"],
    ["that is empty", () => rewrite(1, () => ""), "checksum"],
    ["that is no record", () => rewrite(0, () => '{"taskId":"one","changes":[],"undo":[]}'), "checksum"],
    ["that is not there", () => rmSync(record(0)), "it is not there"],
  ])("%s is an error, and nothing is taken back", async (_what, damage, says) => {
    damage();
    const workdir = await open();
    const error = expect.objectContaining({ code: "COMMIT_DAMAGED", message: expect.stringContaining(says) });
    expect(() => workdir.committed()).toThrow(error as never);
    await expect(workdir.rewind(0)).rejects.toEqual(error);
    expect(readFileSync(at("a"), "utf8")).toBe("new a");
    await workdir.close({ keep: true });
  });

  test("that was torn while it was written never counted", async () => {
    writeFileSync(`${record(2)}.new`, '{"sha256":"12');
    const workdir = await open();
    expect(workdir.committed()).toEqual(["one", "two"]);
    await commit(workdir, "three", (view) => writeFileSync(join(view, "e"), "e"));
    expect(readdirSync(at(`${RUN}/commits`))).toEqual(["000000.json", "000001.json", "000002.json"]);
    await workdir.close({ keep: true });
  });

  function rewrite(n: number, how: (text: string) => string): void {
    const text = readFileSync(record(n), "utf8");
    const other = how(text);
    expect(other).not.toBe(text);
    writeFileSync(record(n), other);
  }
});
