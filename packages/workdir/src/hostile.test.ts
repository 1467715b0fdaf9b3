// Tasks that leave what is large or still being written.
import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { memoryDir, type TempDir } from "@sheaf/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openWorkdir } from "./open-workdir.ts";
import type { View } from "./view.ts";
import type { Workdir } from "./workdir.ts";

let place: TempDir;
const open: Workdir[] = [];
beforeEach(() => {
  place = memoryDir({ "shared/a": "1" });
});
afterEach(async () => {
  for (const workdir of open.splice(0)) await workdir.close({ keep: false });
  place[Symbol.dispose]();
});

async function taken(dir = join(place.path, "shared")): Promise<Workdir> {
  const workdir = await openWorkdir({
    ...{ dir, runDir: join(dir, ".sheaf/runs/r"), runId: "r" },
    ...{ frozen: [], declaredWrites: [], shown: "everything", rung: "copy" },
  });
  open.push(workdir);
  return workdir;
}

const stage = (workdir: Workdir): Promise<View> =>
  workdir.stage({
    ...{ taskId: "t", folder: "t", attempt: 1, shown: "everything", writes: null },
    ...{ below: [], mayLink: false, fresh: false, enters: false },
  });

const seal = (workdir: Workdir, view: View, quiet: boolean) =>
  workdir.seal(view, { succeeded: true, quiet, observed: null });

test("a sparse file of 2 GiB arrives, and takes no more room than it has bytes", async () => {
  const workdir = await taken();
  const view = await stage(workdir);
  const name = join(view.path, "sparse");
  writeFileSync(name, "begin");
  truncateSync(name, 2 ** 31);
  expect(await workdir.commit(await seal(workdir, view, true))).toMatchObject({ files: 1, bytes: 2 ** 31 });
  const stat = lstatSync(join(workdir.dir, "sparse"));
  expect(stat.size).toBe(2 ** 31);
  expect(stat.blocks * 512).toBeLessThan(2 ** 20);
});

test("a write that nobody awaited does not reach what is committed", async () => {
  const workdir = await taken();
  const view = await stage(workdir);
  const late = openSync(join(view.path, "log"), "w");
  writeSync(late, "in time");
  const effects = await seal(workdir, view, false);
  writeSync(late, ", too late");
  closeSync(late);
  await workdir.commit(effects);
  expect(readFileSync(join(workdir.dir, "log"), "utf8")).toBe("in time");
});
