// Wraps fs in its three styles.

import type { Descriptors } from "./descriptors.cjs";
import type { FileNotesModule } from "./file-notes.cjs";
import type { Recorder } from "./recorder.cjs";
import type { Around, Before, Callable, Watcher, WrapModule } from "./wrap.cjs";

const fs = require("node:fs") as typeof import("node:fs");
const { wrapAt } = require("./wrap.cjs") as WrapModule;
const { fileNotes, CHANGING, SILENT } = require("./file-notes.cjs") as FileNotesModule;

export interface WrapFilesModule {
  wrapFiles(recorder: Recorder, descriptors: Descriptors): void;
}

type Style = "sync" | "callback" | "promise";

/** Lets `done` run when the call is over, with what it brought. */
function afterwards(style: Style, done: (result: unknown) => void): Around {
  if (style === "callback") return (call, args) => withCallback(call, args, done);
  if (style === "promise") {
    return async (call, args) => {
      let result: unknown;
      try {
        result = await call(args);
        return result;
      } finally {
        done(result);
      }
    };
  }
  return (call, args) => {
    let result: unknown;
    try {
      result = call(args);
      return result;
    } finally {
      done(result);
    }
  };
}

function withCallback(
  call: (args: unknown[]) => unknown,
  args: unknown[],
  done: (result: unknown) => void,
): unknown {
  const callback = args.at(-1);
  const told = function (this: unknown, ...results: unknown[]): unknown {
    done(results[1]);
    return Reflect.apply(callback as Callable, this, results);
  };
  try {
    return call(typeof callback === "function" ? [...args.slice(0, -1), told] : args);
  } catch (error) {
    done(undefined);
    throw error;
  }
}

function wrapFiles(recorder: Recorder, descriptors: Descriptors): void {
  const notes = fileNotes(recorder, descriptors);

  const watcher = (name: string, style: Style): Watcher => {
    const note = notes[name];
    const before: Before = (args) => {
      try {
        if (note === undefined) recorder.unknown(`What fs.${name} looks at is not known.`);
        else note(args);
      } catch (error) {
        recorder.failed(error);
      }
    };
    if (CHANGING.has(name)) {
      const around: Around = (call, args) => afterwards(style, recorder.changing())(call, args);
      return { during: recorder, before, around };
    }
    if (name !== "open") return { during: recorder, before };
    return { during: recorder, before, around: afterwards(style, keepDescriptor(descriptors)) };
  };

  for (const [owner, styleOf] of [
    [fs, (name: string): Style => (name.endsWith("Sync") ? "sync" : "callback")],
    [fs.promises, (): Style => "promise"],
  ] as const) {
    for (const name of Object.keys(owner)) {
      if (SILENT.has(name) || /^[A-Z]/.test(name)) continue;
      wrapAt(owner, name, watcher(name.replace(/Sync$/, ""), styleOf(name)));
    }
  }
}

const keepDescriptor =
  (descriptors: Descriptors) =>
  (result: unknown): void => {
    if (typeof result === "number") descriptors.opened(result);
    else if (typeof result === "object" && result !== null && "fd" in result) descriptors.opened(result.fd);
  };

module.exports = { wrapFiles } satisfies WrapFilesModule;
