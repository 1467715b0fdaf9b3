// What carries the attempts of a run is killed in the middle of one: the worker host, a worker process, the mount host.
import { fileURLToPath } from "node:url";
import { executeWithParallelism, type RunReport } from "@sheaf/engine";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { users } from "./overlay/driven-host.ts";

const AGENTS = fileURLToPath(new URL("./fixtures/kills-hosts.mjs", import.meta.url));
const IDS = ["t0", "t1", "t2", "t3", "t4"];
const KILLER = "t2";

const self = users().find(({ uid }) => uid === process.getuid?.());
const onOverlays = `on overlays${self?.skip === false ? "" : ` (skipped: ${self?.who ?? "no users"})`}`;

let place: TempDir;
beforeEach(() => {
  place = tempDir({ log: "" });
});
afterEach(() => place[Symbol.dispose]());

/** What the directory holds after the first 0, 1, 2, ... tasks. */
function prefixes(): readonly (readonly string[])[] {
  using plain = tempDir({ log: "" });
  return [[], ...IDS.map((_, i) => IDS.slice(0, i + 1))].map((done) => {
    writeFiles(plain.path, { log: done.map((id) => `${id}\n`).join("") });
    const last = done.at(-1);
    for (let k = 0; last !== undefined && k < 20; k++) {
      writeFiles(plain.path, { [`${last}-${k}`]: `${(done.length - 1) * 3}\n` });
    }
    return readTree(plain.path);
  });
}

async function run(options: object, kills?: string): Promise<RunReport> {
  const tasks = IDS.map((id) => ({ id, input: id === KILLER ? { kills, engine: process.pid } : {} }));
  return executeWithParallelism(
    { dir: place.path, tasks },
    { module: AGENTS, export: "run" },
    {
      ...{ runId: "r", useLlmDeps: false, env: {}, mode: "parallel", maxWorkers: 3, validate: true },
      ...options,
    },
  );
}

describe.each([
  { where: "on copies", staging: "copy", skip: false },
  { where: onOverlays, staging: "overlay", skip: self?.skip !== false },
])("$where", ({ staging, skip }) => {
  test.skipIf(skip).each(["thread", "process"])(
    "a %s worker that is killed is replaced, and the run leaves what it was to leave",
    async (executor) => {
      const report = await run({ staging, executor }, "worker");
      expect(report.unwrap()).toEqual({ t0: 0, t1: 3, t2: 6, t3: 9, t4: 12 });
      expect(report.tasks[KILLER]!.attempts).toBeGreaterThan(1);
      expect(report.workdir?.rung).toBe(staging);
      expect(readTree(place.path)).toEqual(prefixes().at(-1));
    },
  );
});

describe(onOverlays, () => {
  test.skipIf(self?.skip !== false).each(["thread", "process"])(
    "with the mount host of %s workers the run ends, says so, and can be gone on with",
    async (executor) => {
      const report = await run({ staging: "overlay", executor }, "mount host");
      expect(report.status).toBe("failed");
      expect(report.fault).toMatchObject({ code: "MOUNT_HOST_LOST" });
      const outcomes = IDS.map((id) => report.tasks[id]!.outcome);
      const done = outcomes.filter((outcome) => outcome === "succeeded").length;
      expect(outcomes.slice(done)).toEqual(IDS.slice(done).map(() => "cancelled"));
      expect(readTree(place.path)).toEqual(prefixes()[done]);

      const second = await run({ staging: "overlay", executor });
      expect(second.unwrap()).toEqual({ t0: 0, t1: 3, t2: 6, t3: 9, t4: 12 });
      expect(second.tasks[KILLER]!.outcome).toBe("succeeded");
      expect(readTree(place.path)).toEqual(prefixes().at(-1));
    },
  );
});
