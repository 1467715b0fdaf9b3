// Does one attempt at a time in a thread or process that the engine does not share.
import { setMaxListeners } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type AgentFn, type AttemptPort, fromWireError } from "@sheaf/core";
import { loadAgent } from "../../agents/load-agent.ts";
import { createContext } from "../context.ts";
import { inputProxy } from "../input-proxy.ts";
import { perform } from "../perform.ts";
import { routeOf, withCallRoute } from "../route-calls.ts";
import { ownDirs } from "../task-dirs.ts";
import { captureOutput } from "./capture-output.ts";
import { watchIdle } from "./idle.ts";
import { startMeasuring } from "./measure.ts";
import { workerInputs } from "./output-folder.ts";
import { trackReads } from "./track-reads.ts";
import { keepUsage } from "./usage-file.ts";
import type {
  EngineAnswer,
  EngineMessage,
  WireEnd,
  WireRequest,
  WorkerMessage,
  WorkerQuestion,
} from "./wire.ts";

type Send = (message: WorkerMessage) => void;

/** An attempt that a worker is doing. */
export interface WorkerAttempt {
  readonly ended: Promise<WireEnd>;
  /** Takes what the engine says about this attempt. */
  receive(message: EngineMessage): void;
}

interface Asker {
  readonly resolve: (answer: EngineAnswer) => void;
  readonly reject: (error: Error) => void;
}

function portOf(request: WireRequest, send: Send, askers: Map<number, Asker>): AttemptPort {
  const { lease, place } = request;
  let asked = 0;
  const ask = <A extends EngineAnswer>(question: WorkerQuestion): Promise<A> =>
    new Promise<EngineAnswer>((resolve, reject) => {
      const id = asked++;
      askers.set(id, { resolve, reject });
      send({ lease, id, ...question });
    }) as Promise<A>;
  return {
    progress: (fraction, message) => send({ lease, type: "progress", fraction, message }),
    log: (message) => send({ lease, type: "log", message }),
    heartbeat: () => send({ lease, type: "heartbeat" }),
    usage: (usage) => {
      keepUsage(place.beside, usage);
      send({ lease, type: "usage", usage });
    },
    modelLoaded: (name, vramMiB) => send({ lease, type: "model", name, vramMiB }),
    pastGateway: () => send({ lease, type: "past-gateway" }),
    read: (path) => ask({ type: "read", path }),
    budget: () => ask({ type: "budget" }),
  };
}

// A module that was compiled for this run is in no snapshot.
function workOf({ work, moduleBehind }: WireRequest): WireRequest["work"] {
  if (moduleBehind === null || existsSync(fileURLToPath(work.module))) return work;
  return { ...work, module: moduleBehind };
}

// Compared with what the worker was before its first attempt, so that what one leaves behind is not the next one's.
let isIdle: (() => Promise<boolean>) | undefined;

/** Starts an attempt in this worker. */
export function startInWorker(request: WireRequest, send: Send): WorkerAttempt {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const askers = new Map<number, Asker>();
  const inputs = inputProxy(request.task.id, workerInputs(request));
  const { runId, task, attempt, place } = request;
  const run = async (): Promise<WireEnd> => {
    const release = captureOutput(place.beside);
    const measured = startMeasuring((mib) => send({ lease: request.lease, type: "memory", mib }));
    isIdle ??= watchIdle();
    const own = ownDirs(place);
    const { signal } = controller;
    const parts = { runId, taskId: task.id, attempt, place, dirs: own.dirs, inputs, signal };
    const port = portOf(request, send, askers);
    const ctx = createContext(parts, port);
    const fn: AgentFn = async (...args) => (await loadAgent(workOf(request))).run(...args);
    const tracked = trackReads(place);
    const route = routeOf(request.env);
    try {
      const performed = await (route === null
        ? perform(fn, task, ctx)
        : withCallRoute({ route: () => route, pastGateway: port.pastGateway }, () => perform(fn, task, ctx)));
      const end = { ...performed, measured: measured(), taken: inputs.taken(), observed: tracked() };
      const quiet = (await isIdle()) && askers.size === 0;
      own.removeEmpty(task.writes ?? []);
      return { ...end, quiet };
    } finally {
      release();
    }
  };
  return {
    ended: run(),
    receive(message) {
      if (message.type === "abort") controller.abort(fromWireError(message.reason));
      if (message.type !== "answer") return;
      const asker = askers.get(message.id);
      askers.delete(message.id);
      if ("error" in message) asker?.reject(fromWireError(message.error));
      else asker?.resolve(message.answer);
    },
  };
}
