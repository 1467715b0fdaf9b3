import { type Clock, fromWireError, type Work } from "@sheaf/core";
import type { AgentNeeds } from "../agents/define-agent.ts";
import { startNode } from "./guarded-process.ts";
import type { Inspected, InspectRequest } from "./worker/wire.ts";
import { workerFile } from "./worker-file.ts";

type ModuleWork = Work & { readonly kind: "module" };

/** A module that takes longer than this to import tells nothing of its needs; its tasks will show what is wrong. */
const PATIENCE_MS = 30_000;

/**
 * Imports agents in a process of their own and returns what each needs, in order; null where that was not to be had.
 *
 * @throws SheafError AGENT_MODULE_FAILED for a module that cannot be imported or does not export the agent.
 */
export async function inspectAgents(
  works: readonly ModuleWork[],
  clock: Clock,
): Promise<readonly (AgentNeeds | null)[]> {
  if (works.length === 0) return [];
  const inspector = startNode([workerFile("process-entry")], {
    cwd: undefined,
    env: { ...process.env, SHEAF_WORKER: "process" },
    clock,
  });
  const { child, over } = inspector;
  child?.stdout?.resume();
  child?.stderr?.resume();
  const answers = new Map<number, Inspected["found"]>();
  try {
    await new Promise<void>((resolve) => {
      const stop = clock.after(PATIENCE_MS, resolve);
      void over.then(() => resolve());
      child?.on("message", (message: Inspected) => {
        answers.set(message.id, message.found);
        if (answers.size < works.length) return;
        stop();
        resolve();
      });
      for (const [id, work] of works.entries())
        child?.send?.({ type: "inspect", id, work } satisfies InspectRequest, () => {});
    });
  } finally {
    inspector.release();
    await over;
  }
  return works.map((_, id) => {
    const found = answers.get(id);
    if (found !== undefined && "error" in found) throw fromWireError(found.error);
    return found?.needs ?? null;
  });
}
