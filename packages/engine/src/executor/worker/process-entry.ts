// A pooled child process: one attempt at a time, with the work directory as its working directory.
import { toWireError } from "@sheaf/core";
import { loadAgent } from "../../agents/load-agent.ts";
import { startInWorker, type WorkerAttempt } from "./attempt-worker.ts";
import type { EngineMessage, Inspected, InspectRequest, WireRequest, WorkerMessage } from "./wire.ts";
import { withEnv } from "./with-env.ts";

process.setSourceMapsEnabled(true);

const home = process.cwd();
let current: { readonly lease: string; readonly attempt: WorkerAttempt } | null = null;

const say = (message: WorkerMessage): void => {
  if (process.connected) process.send!(message);
};

async function start(request: WireRequest): Promise<void> {
  const end = await withEnv(request.env, async () => {
    if (request.place.view !== null) process.chdir(request.place.view);
    const attempt = startInWorker(request, say);
    current = { lease: request.lease, attempt };
    return await attempt.ended;
  });
  current = null;
  process.chdir(home);
  say({ lease: request.lease, type: "ended", end });
}

// What an agent needs stands in its module, which is imported here and never in the engine's process.
async function inspect({ id, work }: InspectRequest): Promise<void> {
  const found = await loadAgent(work).then(
    ({ needs }) => ({ needs }),
    (error: unknown) => ({ error: toWireError(error) }),
  );
  process.send!({ type: "inspected", id, found } satisfies Inspected);
}

process.on("message", (message: EngineMessage | InspectRequest) => {
  if (message.type === "inspect") void inspect(message);
  else if (message.type === "start") void start(message.request);
  else if (message.lease === current?.lease) current.attempt.receive(message);
});
process.on("disconnect", () => process.exit(0));
