// Preloaded by `-r` into a thread or process of a task: records what its code looks at.
//
// Controlled: the thread's owner calls `start` and `stop` of `globalThis[Symbol.for("sheaf.fs-hook")]`.
// Standing alone: with SHEAF_TRACK_LOG and SHEAF_TRACK_ROOT in the environment it records from the beginning, and
// appends each new record to the log at once: a letter, an absolute path, a NUL byte; `u` and a sentence where
// something is not known. In a thread that a tracked task started it tells its records to that task's thread.

import type { DescriptorsModule } from "./descriptors.cjs";
import type { ModuleLoadingModule } from "./module-loading.cjs";
import type { Inherited, NestedWorkersModule } from "./nested-workers.cjs";
import type { OtherDoorsModule } from "./other-doors.cjs";
import type { Recorded, RecorderModule, Shared, Sink } from "./recorder.cjs";
import type { WrapFilesModule } from "./wrap-files.cjs";

const { openSync, writeSync } = require("node:fs") as typeof import("node:fs");
const Module = require("node:module") as typeof import("node:module");
const { createRecorder } = require("./recorder.cjs") as RecorderModule;
const { descriptorsOf } = require("./descriptors.cjs") as DescriptorsModule;
const { wrapFiles } = require("./wrap-files.cjs") as WrapFilesModule;
const { watchModuleLoading } = require("./module-loading.cjs") as ModuleLoadingModule;
const { otherDoors } = require("./other-doors.cjs") as OtherDoorsModule;
const { nestedWorkers, relayTo } = require("./nested-workers.cjs") as NestedWorkersModule;

/** What the owner of a thread calls. */
export interface FsHook {
  /**
   * Begins to record what is looked at below `root`, and past it in the live directory.
   *
   * @throws TypeError when `root` is not absolute.
   * @throws Error when this thread is being tracked already.
   */
  start(root: string, shared?: Shared | null): void;
  /** Ends recording and returns what was seen since `start`; incomplete if there was none. */
  stop(): Recorded;
}

const KEY = Symbol.for("sheaf.fs-hook");

/** Appends to the log in one write, so that records of several processes never mix. */
function logTo(path: string, rootOf: () => string): Sink {
  const log = openSync(path, "a");
  const append = (record: string): void => {
    const bytes = Buffer.from(record);
    if (writeSync(log, bytes) !== bytes.length) throw new Error("a record was not written in full");
  };
  return {
    record: (letter, relative) => append(`${letter}${rootOf()}${relative === "" ? "" : `/${relative}`}\0`),
    unknown: (why) => append(`u${why.replaceAll("\0", " ")}\0`),
  };
}

/** Does each step of the installation; returns why those that failed leave something unknown. */
function flawsOf(steps: readonly (() => void)[]): readonly string[] {
  return steps.flatMap((step) => {
    try {
      step();
      return [];
    } catch (error) {
      return [`The tracker could not be installed: ${String(error)}`];
    }
  });
}

function install(): void {
  const recorder = createRecorder();
  const descriptors = descriptorsOf(recorder);
  const doors = otherDoors(recorder);
  const workers = nestedWorkers(recorder, __filename);
  const flaws = flawsOf([
    () => wrapFiles(recorder, descriptors),
    () => watchModuleLoading(recorder),
    () => doors.install(),
    () => workers.install(),
    () => Module.syncBuiltinESMExports(),
  ]);
  const begin = (root: string, shared: Shared | null, sink: Sink | null, told: Inherited | null): void => {
    recorder.begin(root, sink, shared);
    descriptors.clear();
    workers.begin(told, shared);
    doors.begin();
    for (const flaw of flaws) recorder.unknown(flaw);
  };

  const hook: FsHook = {
    start: (root, shared = null) => begin(root, shared, null, null),
    stop() {
      if (!recorder.active) return { reads: [], complete: false, why: "Tracking had not been started." };
      workers.end();
      return recorder.end();
    },
  };
  Object.defineProperty(globalThis, KEY, { value: Object.freeze(hook) });

  const told = workers.inherited() ?? toldByEnvironment();
  if (told === null) return;
  const sink = told.channel === undefined ? logTo(told.log!, () => recorder.root) : relayTo(told.channel);
  begin(told.root, told.shared ?? null, sink, told);
}

function toldByEnvironment(): Inherited | null {
  const { SHEAF_TRACK_LOG: log, SHEAF_TRACK_ROOT: root } = process.env;
  return log && root ? { root, log } : null;
}

if (!(KEY in globalThis)) {
  try {
    install();
  } catch (error) {
    process.emitWarning(`Files are not tracked: ${String(error)}`);
  }
}
