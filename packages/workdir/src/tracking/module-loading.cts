// Watches how modules are found and loaded, which passes by the public functions of fs in part.

import type { Kinds } from "./kinds.cjs";
import type { QuietlyModule } from "./quietly.cjs";
import type { Recorder } from "./recorder.cjs";

const Module = require("node:module") as typeof import("node:module");
const { posix } = require("node:path") as typeof import("node:path");
const { CONTENT, STAT } = require("./kinds.cjs") as Kinds;
const { quietly } = require("./quietly.cjs") as QuietlyModule;

export interface ModuleLoadingModule {
  watchModuleLoading(recorder: Recorder): void;
}

type Probe = (...args: unknown[]) => unknown;
/** Answers of the probe that the module loaders use. */
const FILE = 0;
const FOLDER = 1;

interface Internals {
  internalModuleStat: Probe;
}
interface ModuleInternals {
  _stat?: Probe;
}

function watchModuleLoading(recorder: Recorder): void {
  let calls = 0;
  const watching = (probe: Probe): Probe =>
    function (this: unknown, ...args) {
      calls++;
      const found = Reflect.apply(probe, this, args);
      if (recorder.active) {
        try {
          noteProbe(recorder, args.find((arg) => typeof arg === "string") as string, found);
        } catch (error) {
          recorder.failed(error);
        }
      }
      return found;
    };

  // The loader of ES modules has no public place to watch; on Node 24 this one serves both loaders.
  const binding = (process as unknown as { binding(name: string): Internals }).binding("fs");
  binding.internalModuleStat = watching(binding.internalModuleStat);

  const internals = Module as unknown as ModuleInternals;
  const stat = internals._stat;
  if (stat === undefined) return;
  calls = 0;
  stat(__filename);
  if (calls > 0) return;
  quietly(() => {
    internals._stat = watching(stat);
  });
}

/** What is found to be a file is about to be loaded, and the package.json around it tells how. */
function noteProbe(recorder: Recorder, path: string, found: unknown): void {
  recorder.see(STAT, path);
  if (found === FOLDER) recorder.see(CONTENT, posix.join(path, "package.json"));
  if (found !== FILE) return;
  recorder.see(CONTENT, path);
  const text = recorder.textOf(path);
  let folder = text === null ? "/" : posix.dirname(text);
  while (recorder.covers(folder) && posix.basename(folder) !== "node_modules") {
    recorder.see(CONTENT, posix.join(folder, "package.json"));
    if (folder === "/") return;
    folder = posix.dirname(folder);
  }
}

module.exports = { watchModuleLoading } satisfies ModuleLoadingModule;
