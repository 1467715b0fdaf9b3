// Holds the contest about tracking; see `inOwnProcess`.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { fsHookFile } from "@sheaf/workdir";
import { type Contestant, type ContestResult, holdContest } from "../measure/contest.ts";
import type { Cost } from "../measure/cost.ts";
import { answerRequest } from "../measure/own-process.ts";
import { CALLS, type CallsRequest, FILES, type Measured, nameOf, WAYS } from "./calls.ts";

const THREAD: URL = new URL("./calls-thread.js", import.meta.url);

/** One contest about tracking. */
export interface TrackingRequest {
  /** An empty folder to work in. */
  readonly folder: string;
  readonly rounds: number;
  readonly seed: number;
}

interface Thread extends Contestant {
  end(): Promise<unknown>;
}

function thread(folder: string, way: Measured["way"]): Thread {
  const workerData: CallsRequest = { folder, way, tracked: way === "tracking" };
  const worker = new Worker(THREAD, { workerData, execArgv: way === "without" ? [] : ["-r", fsHookFile] });
  return {
    name: way,
    async run() {
      worker.postMessage("measure");
      const [costs] = (await once(worker, "message")) as [Readonly<Record<string, Cost>>];
      return costs;
    },
    end: () => worker.terminate(),
  };
}

async function contest(request: TrackingRequest, note: (sentence: string) => void): Promise<ContestResult> {
  const { folder, rounds, seed } = request;
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, String(i)), "some bytes");
  const threads = WAYS.map((way) => thread(folder, way));
  const yardstick = nameOf({ call: CALLS[0], time: "first", way: "without" });
  const result = await holdContest({ contestants: threads, yardstick, warmUps: 3 }, { rounds, seed, note });
  for (const one of threads) await one.end();
  return result;
}

await answerRequest(contest);
