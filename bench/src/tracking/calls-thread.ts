// A thread that calls functions of fs, with the tracking or without it.
import * as fs from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { type Cost, costOf } from "../measure/cost.ts";
import { CALLS, type CallsRequest, FILES, nameOf } from "./calls.ts";

interface Hook {
  start(root: string): void;
  stop(): { readonly complete: boolean; readonly reads: readonly unknown[] };
}

const { folder, tracked } = workerData as CallsRequest;
const paths = Array.from({ length: FILES }, (_, i) => join(folder, String(i)));
const hook = (globalThis as unknown as Record<symbol, Hook>)[Symbol.for("sheaf.fs-hook")];

const CALLED: Readonly<Record<(typeof CALLS)[number], (path: string) => unknown>> = {
  lstatSync: fs.lstatSync,
  existsSync: fs.existsSync,
  statSync: fs.statSync,
  readFileSync: fs.readFileSync,
  "promises.readFile": fs.promises.readFile,
};

async function callAll(call: (path: string) => unknown): Promise<void> {
  for (const path of paths) {
    const result = call(path);
    if (result instanceof Promise) await result;
  }
}

/** Calls everything twice over, so that each path is new the first time and known the second. */
async function measure(): Promise<Readonly<Record<string, Cost>>> {
  const costs: Record<string, Cost> = {};
  for (const call of CALLS) {
    if (tracked) hook!.start(folder);
    for (const time of ["first", "again"] as const) {
      costs[nameOf({ call, time, way: (workerData as CallsRequest).way })] = await costOf(() =>
        callAll(CALLED[call]),
      );
    }
    if (!tracked) continue;
    const { complete, reads } = hook!.stop();
    if (!complete || reads.length !== FILES)
      throw new Error(`Expected ${FILES} records, got ${reads.length}`);
  }
  return costs;
}

parentPort!.on("message", async () => parentPort!.postMessage(await measure()));
