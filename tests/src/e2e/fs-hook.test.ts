import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { fsHookFile, parseTrackLog, type TrackedReads, trackedObservations } from "@sheaf/workdir";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOOK_CASES, type HookCase } from "./fixtures/fs-hook/cases.ts";

const PROGRAM = fileURLToPath(new URL("./fixtures/fs-hook/run-case.mjs", import.meta.url));
const LETTERS = { content: "c", stat: "s", exists: "e", listing: "l", tree: "t", written: "w" } as const;

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sheaf-fs-hook-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes the folder that every case looks at. */
function makeRoot(): string {
  const root = join(folder, String(count++));
  mkdirSync(join(root, "d", "e"), { recursive: true });
  for (const name of ["a.txt", "b.txt", "d/x.txt", "d/e/y.txt"]) writeFileSync(join(root, name), name);
  writeFileSync(join(root, "m.mjs"), "export default 1;\n");
  writeFileSync(join(root, "m.cjs"), "module.exports = 1;\n");
  writeFileSync(join(root, "m.json"), "{}\n");
  writeFileSync(join(root, ".env"), "SHEAF_TEST=1\n");
  const links = { l: "d", la: "a.txt", dangling: "none", deep: "d/e", out: folder };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name));
  return root;
}

type Result = ReturnType<typeof parseTrackLog>;

function expectResult({ observations, complete, why }: Result, { sees, why: reason }: HookCase): void {
  const seen = observations.map(({ kind, path }) => `${LETTERS[kind]} ${path}`);
  // Past the limit not all is kept.
  if (seen.length < 1_000) expect(seen.sort()).toEqual([...new Set(sees)].sort());
  expect(complete, why ?? "").toBe(reason === undefined);
  if (reason !== undefined) expect(why).toMatch(reason);
}

describe("in a worker thread, all of that is recorded that the task looked at:", () => {
  let worker: Worker;
  beforeAll(() => {
    worker = new Worker(PROGRAM, { execArgv: ["-r", fsHookFile], env: { PATH: "/usr/bin:/bin" } });
  });
  afterAll(() => worker.terminate());

  test.each(HOOK_CASES.map((one) => [one.title, one] as const))("%s", async (_title, one) => {
    const answer = await new Promise<TrackedReads & { readonly error: string | null }>((done, fail) => {
      worker.once("message", done).once("error", fail);
      worker.postMessage({ code: one.code, root: makeRoot(), hookFile: fsHookFile });
    });
    expect(answer.error).toBeNull();
    expectResult(trackedObservations(answer), one);
  });
});

describe("in a process that is tracked from its beginning, the log tells the same:", () => {
  test.concurrent.each(HOOK_CASES.map((one) => [one.title, one] as const))("%s", async (_title, one) => {
    const root = makeRoot();
    const log = `${root}.log`;
    await promisify(execFile)(
      process.execPath,
      ["-r", fsHookFile, PROGRAM, JSON.stringify({ code: one.code, root, hookFile: fsHookFile })],
      { env: { PATH: "/usr/bin:/bin", SHEAF_TRACK_LOG: log, SHEAF_TRACK_ROOT: root } },
    );
    expectResult(parseTrackLog(readFileSync(log), root), one);
  });
});
