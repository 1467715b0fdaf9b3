// What the fs hook records, in real threads and processes.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import type { Observed } from "@sheaf/core";
import { fsHookFile, parseTrackLog, trackedObservations } from "@sheaf/workdir";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HookCase, KNOWN, UNKNOWN } from "./fixtures/fs-hook/cases.ts";

const PROGRAM = fileURLToPath(new URL("./fixtures/fs-hook/run-case.mjs", import.meta.url));
const LETTERS = {
  content: "c",
  stat: "s",
  exists: "e",
  listing: "l",
  tree: "t",
  written: "w",
  made: "m",
  appended: "a",
} as const;
const PATH = "/usr/bin:/bin";

const fromWorkdir = createRequire(fsHookFile);
const FS_EXTRA = fromWorkdir.resolve("fs-extra");
const FILES = { fsExtra: FS_EXTRA, gracefulFs: createRequire(FS_EXTRA).resolve("graceful-fs") };

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sheaf-fs-hook-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a folder such as the cases look at. */
function makeRoot(): string {
  const root = join(folder, "roots", String(count++));
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

interface Tracked {
  readonly root: string;
  readonly log: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs Node with the hook, tracked from its beginning. */
async function runTracked({ root, log, args, env }: Tracked): Promise<void> {
  await promisify(execFile)(process.execPath, ["-r", fsHookFile, ...args], {
    env: { PATH, SHEAF_TRACK_LOG: log, SHEAF_TRACK_ROOT: root, ...env },
  });
}

/** Runs cases in one process and returns the log; `root` holds the roots of all. */
async function logOf(
  cases: readonly { readonly code: string; readonly root: string }[],
  root: string,
): Promise<Buffer> {
  const name = join(folder, `process-${count++}`);
  const [log, request, answer] = [`${name}.log`, `${name}.json`, `${name}.out`];
  writeFileSync(request, JSON.stringify({ cases, files: FILES, hookFile: fsHookFile }));
  await runTracked({ root, log, args: [PROGRAM, request, answer] });
  const errors = JSON.parse(readFileSync(answer, "utf8")) as (string | null)[];
  expect(errors.filter((error) => error !== null)).toEqual([]);
  return readFileSync(log);
}

const linesOf = ({ observations }: Observed): string[] =>
  observations.map(({ kind, path }) => `${LETTERS[kind]} ${path}`);

function expectSeen(tracked: Observed, { sees, may }: HookCase): void {
  const seen = linesOf(tracked).filter((line) => sees.includes(line) || may?.test(line) !== true);
  expect(seen.sort()).toEqual([...new Set(sees)].sort());
}

const titled = (cases: readonly HookCase[]): (readonly [string, HookCase])[] =>
  cases.map((one) => [one.title, one]);

type Answer = Parameters<typeof trackedObservations>[0] & { readonly error: string | null };

describe("in a worker thread", () => {
  let worker: Worker;
  const start = (): Worker =>
    new Worker(PROGRAM, {
      execArgv: ["-r", fsHookFile],
      env: { PATH },
      workerData: { files: FILES, hookFile: fsHookFile },
    });
  const track = async (code: string, thread: Worker = worker): Promise<Observed> => {
    thread.postMessage({ code, root: makeRoot() });
    const [answer] = (await once(thread, "message")) as [Answer];
    expect(answer.error).toBeNull();
    return trackedObservations(answer);
  };
  beforeAll(() => {
    worker = start();
  });
  afterAll(() => worker.terminate());

  test.each(titled(KNOWN))("all that was looked at is recorded: %s", async (_title, one) => {
    const tracked = await track(one.code);
    expectSeen(tracked, one);
    expect(tracked).toMatchObject({ incomplete: null });
  });

  test.each(titled(UNKNOWN))("what cannot be known is said: %s", async (_title, one) => {
    const tracked = await track(one.code);
    expect(tracked).toMatchObject({ incomplete: expect.stringMatching(one.why!) });
    if (one.sees.length > 0) expect(linesOf(tracked)).toEqual(one.sees);
  });

  test("nothing of one task is told of the next", async () => {
    await track("fs.readFileSync(R + '/a.txt'); cp.spawnSync('/bin/true')");
    expect(await track("")).toEqual({ observations: [], incomplete: null });
  });

  test("what happens between tasks is not recorded", async () => {
    const late = "setImmediate(() => fs.existsSync(R + '/late'))";
    expect(linesOf(await track(late))).toEqual([]);
    expect(linesOf(await track("fs.existsSync(R + '/a.txt')"))).toEqual(["e a.txt"]);
  });

  test("a descriptor that an earlier task left open is unknown to the next", async () => {
    await track("globalThis.left = fs.openSync(R + '/a.txt')");
    expect(
      await track("fs.readSync(globalThis.left, Buffer.alloc(1)); fs.closeSync(globalThis.left)"),
    ).toMatchObject({
      incomplete: expect.stringMatching(/descriptor/),
    });
  });

  test("a thread that still runs makes the records incomplete", async () => {
    const code = "globalThis.other = new threads.Worker('setInterval(() => {}, 1000)', { eval: true })";
    expect(await track(code)).toMatchObject({ incomplete: "A worker thread was still running." });
    await track("await globalThis.other.terminate()");
    expect((await track("")).incomplete).toBeNull();
  });

  test.each(["process.binding('fs')", "try { process.dlopen({ exports: {} }, '/none.node') } catch {}"])(
    "after %s nothing in the thread is known for good",
    async (code) => {
      const thread = start();
      expect((await track(code, thread)).incomplete).not.toBeNull();
      expect((await track("", thread)).incomplete).not.toBeNull();
      await thread.terminate();
    },
  );

  test.runIf(isBuiltin("node:sqlite"))("a database that Node opens itself is unknown", async () => {
    const code = "new (process.getBuiltinModule('node:sqlite').DatabaseSync)(':memory:').close()";
    expect(await track(code)).toMatchObject({ incomplete: expect.stringMatching(/sqlite/) });
  });

  test("processes that another tracker covers leave the records complete", async () => {
    const code =
      "process.env.SHEAF_TRACK_COVERED = '1'; cp.spawnSync(R + '/a.txt'); delete process.env.SHEAF_TRACK_COVERED";
    const tracked = await track(code);
    expect(tracked).toMatchObject({ incomplete: null });
    expect(linesOf(tracked)).toEqual(["c a.txt"]);
  });

  test("once a process runs, links that it makes are seen", async () => {
    const tracked = await track(
      "fs.existsSync(R + '/new/x.txt'); cp.execFileSync('/bin/ln', ['-s', 'd', R + '/new']); fs.existsSync(R + '/new/x.txt')",
    );
    expect(linesOf(tracked)).toEqual(["e d/x.txt", "c new", "e new/x.txt"]);
  });

  test("while a process runs, nothing is remembered about links", async () => {
    const tracked = await track(`
      const child = cp.spawn("/bin/sh", ["-c", "read go; ln -s d " + R + "/new"]);
      fs.existsSync(R + "/new/x.txt");
      child.stdin.end("go\\n");
      await new Promise((done) => child.on("exit", done));
      fs.existsSync(R + "/new/x.txt");`);
    expect(linesOf(tracked)).toEqual(["e d/x.txt", "c new", "e new/x.txt"]);
  });

  test("what a thread told is taken even if the task never waited for it", async () => {
    const tracked = await track(`
      const shared = new SharedArrayBuffer(4);
      const code = 'const { workerData: [R, shared] } = require("worker_threads"); require("fs").existsSync(R + "/none"); Atomics.store(new Int32Array(shared), 0, 1); Atomics.notify(new Int32Array(shared), 0)';
      globalThis.other = new threads.Worker(code, { eval: true, workerData: [R, shared] });
      Atomics.wait(new Int32Array(shared), 0, 0);
      globalThis.early = globalThis[Symbol.for("sheaf.fs-hook")].stop();
      globalThis[Symbol.for("sheaf.fs-hook")].start(R);
      if (JSON.stringify(globalThis.early.reads) !== '[["e","none"]]') throw new Error(JSON.stringify(globalThis.early));
      await globalThis.other.terminate();`);
    expect(tracked.incomplete).toBeNull();
  });

  test("an error of the tracker does not reach the task and makes the records incomplete", async () => {
    const tracked = await track(
      "const { cwd } = process; process.cwd = () => { throw new Error('broken') }; try { fs.existsSync('some') } finally { process.cwd = cwd }",
    );
    expect(tracked).toMatchObject({ incomplete: "The tracker failed: broken." });
  });

  test("wrapped functions keep names, lengths and own properties, and still refuse what they refused", async () => {
    const tracked = await track(`
      // graceful-fs has put functions of its own in the place of these.
      const shape = (f) => /^close/.test(f.name) ? [] : [f.name, f.length, Reflect.ownKeys(f).filter((k) => k !== "prototype").map(String).sort()];
      const expected = JSON.parse(cp.execFileSync(process.execPath, ["-p", \`
        const shape = \${shape};
        JSON.stringify([fs, fs.promises].map((o) => Object.keys(o).filter((n) => typeof o[n] === "function").map((n) => shape(o[n]))))
      \`]).toString());
      const is = [fs, fsp.default].map((o) => Object.keys(o).filter((n) => typeof o[n] === "function").map((n) => shape(o[n])));
      if (JSON.stringify(is) !== JSON.stringify(expected)) throw new Error(JSON.stringify(is));
      for (const call of [() => fs.readFileSync({}), () => fs.readFile(R), () => fs.openSync(R, "nonsense"), () => fs.open(R, "r", 1, 2)]) {
        let code; try { call() } catch (error) { code = error.code } if (!/^ERR_INVALID/.test(code)) throw new Error(code);
      }
      if (!(new threads.Worker("", { eval: true }) instanceof threads.Worker)) throw new Error("no Worker");`);
    expect(tracked.incomplete).not.toBeNull();
  });

  test("a misuse is refused: a relative root, two tasks at once, an end without a beginning", async () => {
    await track(`
      const hook = globalThis[Symbol.for("sheaf.fs-hook")];
      let message; try { hook.start(R) } catch (error) { message = error.message }
      if (!/already/.test(message)) throw new Error(message);
      const first = hook.stop(); const second = hook.stop();
      if (!first.complete || second.complete || !/not been started/.test(second.why)) throw new Error("stop");
      try { hook.start("relative") } catch (error) { message = error.message }
      if (!/absolute path, got relative/.test(message)) throw new Error(message);
      hook.start(R);`);
  });
});

describe("in a process that is tracked from its beginning", () => {
  const roots = KNOWN.map(() => "");
  let log: Buffer;
  beforeAll(async () => {
    for (const i of KNOWN.keys()) roots[i] = makeRoot();
    log = await logOf(
      KNOWN.map(({ code }, i) => ({ code, root: roots[i]! })),
      join(folder, "roots"),
    );
  });

  test.each(titled(KNOWN).map(([title, one], i) => [title, one, i] as const))(
    "the log tells all that was looked at: %s",
    (_title, one, i) => {
      const tracked = parseTrackLog(log, roots[i]!);
      // Here the case's root is a folder of the tracked one like any other.
      expectSeen(tracked, { ...one, may: new RegExp(`^e $|${one.may?.source ?? "^e $"}`) });
      expect(tracked).toMatchObject({ incomplete: null });
    },
  );

  test.each(titled(UNKNOWN))("the log says what cannot be known: %s", async (_title, one) => {
    const root = makeRoot();
    const tracked = parseTrackLog(await logOf([{ code: one.code, root }], root), root);
    expect(tracked).toMatchObject({ incomplete: expect.stringMatching(one.why!) });
  });

  test("what was recorded before a kill is in the log", async () => {
    const root = makeRoot();
    const log = `${root}.log`;
    const code = `fs.existsSync(${JSON.stringify(join(root, "none"))}); fs.writeSync(1, "done"); for (;;);`;
    const child = spawn(process.execPath, ["-r", fsHookFile, "-e", code], {
      env: { PATH, SHEAF_TRACK_LOG: log, SHEAF_TRACK_ROOT: `${root}/` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const tracked = parseTrackLog(readFileSync(log), root);
    expect(linesOf(tracked)).toContain("e none");
    expect(tracked.incomplete).toBeNull();
  });

  test("processes that write the same log at once do not mix their records", async () => {
    const root = makeRoot();
    const log = `${root}.log`;
    const code =
      "for (let i = 0; i < 2000; i++) fs.existsSync(`${process.env.SHEAF_TRACK_ROOT}/${process.env.NAME}/${i}`)";
    const names = ["one", "two", "three"];
    await Promise.all(names.map((NAME) => runTracked({ root, log, args: ["-e", code], env: { NAME } })));
    const { observations, incomplete } = parseTrackLog(readFileSync(log), root);
    expect(incomplete).toBeNull();
    const paths = new Set(observations.filter(({ kind }) => kind === "exists").map(({ path }) => path));
    expect(paths.size).toBe(6000);
    for (const name of names) expect(paths).toContain(`${name}/1999`);
  });

  test("a root reached through a link is the same root", async () => {
    const root = makeRoot();
    const alias = `${root}-alias`;
    symlinkSync(root, alias);
    for (const [tracked, used] of [
      [alias, root],
      [root, alias],
    ] as const) {
      const log = join(folder, `alias-${count++}.log`);
      await runTracked({
        root: tracked,
        log,
        args: ["-e", `fs.existsSync(${JSON.stringify(`${used}/none`)})`],
      });
      expect(linesOf(parseTrackLog(readFileSync(log), tracked))).toContain("e none");
    }
  });

  test("a log that cannot be written does not stop the program", async () => {
    const root = makeRoot();
    const made = join(root, "made");
    await runTracked({
      root,
      log: join(root, "none", "log"),
      args: ["-e", `fs.writeFileSync(${JSON.stringify(made)}, "")`],
    });
    expect(existsSync(made)).toBe(true);
  });
});
