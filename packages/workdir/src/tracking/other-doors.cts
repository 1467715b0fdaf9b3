// Watches the ways to files other than fs: other programs, native code, databases.

import type { Kinds } from "./kinds.cjs";
import type { QuietlyModule } from "./quietly.cjs";
import type { Recorder } from "./recorder.cjs";
import type { Before, Watcher, WrapModule } from "./wrap.cjs";

const childProcess = require("node:child_process") as typeof import("node:child_process");
const Module = require("node:module") as typeof import("node:module");
const { posix } = require("node:path") as typeof import("node:path");
const { CONTENT, STAT } = require("./kinds.cjs") as Kinds;
const { quietly } = require("./quietly.cjs") as QuietlyModule;
const { wrapAt } = require("./wrap.cjs") as WrapModule;

export interface OtherDoorsModule {
  otherDoors(recorder: Recorder): OtherDoors;
}

interface OtherDoors {
  install(): void;
  /** To be called when tracking begins: what an earlier task opened for good is open for this one as well. */
  begin(): void;
}

/** Parts of Node's inside that look at no files. */
const HARMLESS: ReadonlySet<unknown> = new Set(["natives", "constants", "config", "util"]);
/** Parts of Node that open files below fs. */
const OTHER_READERS: readonly (readonly [id: string, name: string])[] = [
  ["node:sqlite", "DatabaseSync"],
  ["node:wasi", "WASI"],
];
/** Says that another tracker watches the processes that are started. */
const COVERED = "SHEAF_TRACK_COVERED";

interface Started {
  readonly file?: unknown;
  readonly cwd?: unknown;
}

function otherDoors(recorder: Recorder): OtherDoors {
  let left: string | null = null;
  const forGood = (why: string): void => {
    left ??= why;
    recorder.unknown(why);
  };
  return {
    install() {
      watchPrograms(recorder);
      watchProcess(recorder, forGood);
      for (const [id, name] of OTHER_READERS) {
        watchConstructor(id, name, () => {
          if (recorder.active) recorder.unknown(`${name} of ${id} was used.`);
        });
      }
    },
    begin() {
      if (left !== null) recorder.unknown(left);
    },
  };
}

const watcher = (recorder: Recorder, before: Before): Watcher => ({
  during: recorder,
  before(args) {
    try {
      before(args);
    } catch (error) {
      recorder.failed(error);
    }
  },
});

function watchPrograms(recorder: Recorder): void {
  const watch = (owner: object, name: string, program: (args: readonly unknown[]) => unknown): void =>
    wrapAt(
      owner,
      name,
      watcher(recorder, (args) => noteStart(recorder, program(args) as Started | undefined)),
    );
  const { ChildProcess } = childProcess as unknown as { ChildProcess: { prototype: object } };
  watch(ChildProcess.prototype, "spawn", ([options]) => options);
  for (const name of ["spawnSync", "execFileSync"]) {
    watch(childProcess, name, ([file, args, options]) => ({
      file,
      cwd: cwdOf(Array.isArray(args) ? options : (options ?? args)),
    }));
  }
  watch(childProcess, "execSync", ([, options]) => ({ file: "/bin/sh", cwd: cwdOf(options) }));
  watch(process, "execve", ([file]) => ({ file }));
}

function watchProcess(recorder: Recorder, forGood: (why: string) => void): void {
  const notes: Readonly<Record<string, Before>> = {
    dlopen([, file]) {
      recorder.see(CONTENT, file);
      forGood("A native addon was loaded.");
    },
    binding([name]) {
      if (!HARMLESS.has(name)) forGood("process.binding was used.");
    },
    chdir: ([folder]) => recorder.see(STAT, folder),
    loadEnvFile: ([path]) => recorder.see(CONTENT, path ?? ".env"),
  };
  for (const [name, note] of Object.entries(notes)) wrapAt(process, name, watcher(recorder, note));
}

const cwdOf = (options: unknown): unknown =>
  typeof options === "object" && options !== null && "cwd" in options ? options.cwd : undefined;

/** The program itself is read whoever watches it; what it looks at is known only to a tracker of its own. */
function noteStart(recorder: Recorder, { file, cwd }: Started = {}): void {
  const folder = recorder.textOf(cwd ?? ".");
  if (folder !== null && cwd !== undefined) recorder.see(STAT, folder);
  if (typeof file === "string" && folder !== null) {
    const search = file.includes("/") ? [""] : (process.env.PATH ?? "").split(":");
    for (const where of search) recorder.see(CONTENT, posix.resolve(folder, where, file));
  }
  recorder.shared();
  if (process.env[COVERED] !== "1") recorder.unknown(`A process was started: ${String(file)}.`);
}

function watchConstructor(id: string, name: string, before: () => void): void {
  if (!Module.isBuiltin(id)) return;
  quietly(() => {
    const exported = require(id) as Record<string, unknown>;
    const original = exported[name];
    if (typeof original !== "function") return;
    exported[name] = new Proxy(original, {
      construct(target, args, newTarget) {
        before();
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
  });
}

module.exports = { otherDoors } satisfies OtherDoorsModule;
