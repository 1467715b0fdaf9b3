// Runs in each thread of the pool: one attempt, then the next.
import type { MessagePort } from "node:worker_threads";
import { startInWorker } from "./attempt-worker.ts";
import type { EngineMessage, WireRequest, WorkerMessage } from "./wire.ts";
import { withEnv } from "./with-env.ts";

process.setSourceMapsEnabled(true);

/**
 * The function that piscina calls. It never throws: piscina's own way with errors loses their class, code and fields.
 */
export default async function runAttempt(job: {
  readonly request: WireRequest;
  readonly port: MessagePort;
}): Promise<void> {
  const { request, port } = job;
  // The open port is a part of what the worker is while nothing is left of an attempt.
  const end = await withEnv(request.env, () => {
    port.on("message", (message: EngineMessage) => attempt.receive(message));
    const attempt = startInWorker(request, (message) => port.postMessage(message));
    return attempt.ended;
  });
  port.postMessage({ lease: request.lease, type: "ended", end } satisfies WorkerMessage);
  port.close();
}
