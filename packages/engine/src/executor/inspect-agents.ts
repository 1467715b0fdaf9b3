import { type Clock, fromWireError, type Work } from "@sheaf/core";
import type { AgentNeeds } from "../agents/define-agent.ts";
import { startNode } from "./guarded-process.ts";
import type { Inspected, InspectRequest } from "./worker/wire.ts";
import { workerFile } from "./worker-file.ts";

type ModuleWork = Work & { readonly kind: "module" };

/** A module that takes longer than this to import tells nothing of its needs; its tasks will show what is wrong. */
const PATIENCE_MS = 30_000;

interface InspectOptions {
  readonly clock: Clock;
  /** What the agents' modules find while they are imported. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
}

/**
 * Imports agents in a process of their own and returns what each needs, in order; null where that was not to be had.
 *
 * @throws SheafError AGENT_MODULE_FAILED for a module that cannot be imported or does not export the agent. The
 *   signal's reason when it is aborted; the process has ended by then.
 */
export async function inspectAgents(
  works: readonly ModuleWork[],
  { clock, env, signal }: InspectOptions,
): Promise<readonly (AgentNeeds | null)[]> {
  signal?.throwIfAborted();
  if (works.length === 0) return [];
  const inspector = startNode([workerFile("process-entry")], {
    cwd: undefined,
    env: { ...env, SHEAF_WORKER: "process" },
    ...{ clock, enter: [] },
  });
  const { child, over } = inspector;
  child?.stdout?.resume();
  child?.stderr?.resume();
  const answers = new Map<number, Inspected["found"]>();
  const end = (): void => inspector.release();
  const stop = clock.after(PATIENCE_MS, end);
  signal?.addEventListener("abort", end, { once: true });
  child?.on("message", (message: Inspected) => {
    answers.set(message.id, message.found);
    if (answers.size === works.length) end();
  });
  for (const [id, work] of works.entries())
    child?.send?.({ type: "inspect", id, work } satisfies InspectRequest, () => {});
  await over;
  stop();
  signal?.removeEventListener("abort", end);
  signal?.throwIfAborted();
  return works.map((_, id) => {
    const found = answers.get(id);
    if (found !== undefined && "error" in found) throw fromWireError(found.error);
    return found?.needs ?? null;
  });
}
