// The worker host: a child process with a pool of threads. Agent code never shares a process with the engine; when
// this process dies, only the attempts that ran in it are lost.
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { toWireError } from "@sheaf/core";
import { Piscina } from "piscina";
import type { EngineMessage, WireEnd, WireRequest, WorkerMessage } from "./wire.ts";

const [threads, memoryLimitMiB] = process.argv.slice(2).map(Number) as [number, number];

// The engine hands over at most as many attempts as there are threads, so that piscina never queues: its queue
// strands tasks when a worker dies, and forgets their order.
const pool = new Piscina<unknown, void>({
  filename: new URL("./thread-entry.js", import.meta.url).href,
  minThreads: threads,
  maxThreads: threads,
  idleTimeout: Number.POSITIVE_INFINITY,
  atomics: "disabled", // the default stops timers and sockets of a thread between two tasks
  resourceLimits: { maxOldGenerationSizeMb: memoryLimitMiB },
});
// Without a listener an error of a thread that runs no task ends this process.
pool.on("error", () => {});

interface Job {
  readonly port: MessagePort;
  readonly kill: AbortController;
}

const jobs = new Map<string, Job>();
const say = (message: WorkerMessage): void => {
  if (process.connected) process.send!(message, undefined, undefined, () => {});
};

function lost(error: unknown): WireEnd {
  const { code, message } = error as NodeJS.ErrnoException;
  const outOfMemory = code === "ERR_WORKER_OUT_OF_MEMORY";
  const how = outOfMemory
    ? `its thread had more than ${memoryLimitMiB} MiB of heap`
    : `its thread ended (${message})`;
  return {
    ...{ status: "lost", how, outOfMemory, together: false, taken: [], quiet: false, observed: null },
    measured: { latencyMs: 0, cpuMs: null, peakMemoryMiB: outOfMemory ? memoryLimitMiB : null },
  };
}

async function start(request: WireRequest): Promise<void> {
  const { port1: port, port2 } = new MessageChannel();
  const kill = new AbortController();
  const { lease } = request;
  jobs.set(lease, { port, kill });
  let end: WireEnd | null = null;
  port.on("message", (message: WorkerMessage) => {
    if (message.type === "ended") end = message.end;
    else say(message);
  });
  // The thread closes its end as the last thing it does, or dies: until then what it posted is on its way.
  const drained = new Promise<void>((resolve) => port.once("close", () => resolve()));
  const job = pool.run({ request, port: port2 }, { transferList: [port2], signal: kill.signal });
  const failed = await job.then(() => null).catch((error: unknown) => lost(error));
  await drained;
  jobs.delete(lease);
  say({ lease, type: "ended", end: end ?? failed ?? lost(new Error("it said nothing")) });
}

process.on("message", (message: EngineMessage) => {
  switch (message.type) {
    case "start":
      void start(message.request);
      break;
    case "kill":
      jobs.get(message.lease)?.kill.abort();
      break;
    case "abort":
    case "answer":
      jobs.get(message.lease)?.port.postMessage(message);
      break;
    default:
      message satisfies never;
  }
});
// The engine is gone: nobody waits for what is done here.
process.on("disconnect", () => process.exit(0));
process.on("uncaughtException", (error) => {
  process.stderr.write(`worker host: ${JSON.stringify(toWireError(error))}\n`);
  process.exit(1);
});
