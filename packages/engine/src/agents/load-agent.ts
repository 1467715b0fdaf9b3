import { fileURLToPath } from "node:url";
import { type AgentFn, SheafError, toWireError, type Work } from "@sheaf/core";
import { type AgentNeeds, isPortableAgent, type PortableAgent } from "./define-agent.ts";

/** An agent as its module exports it. */
export interface LoadedAgent {
  readonly run: AgentFn;
  readonly needs: AgentNeeds;
}

function exported(
  namespace: Record<string, unknown>,
  work: Work & { readonly kind: "module" },
): LoadedAgent | undefined {
  if (work.agentName !== null) {
    return Object.values(namespace).find(
      (value): value is PortableAgent => isPortableAgent(value) && value.name === work.agentName,
    );
  }
  const value = namespace[work.exportName ?? "default"];
  if (isPortableAgent(value)) return value;
  return typeof value === "function" ? { run: value as AgentFn, needs: {} } : undefined;
}

function missing(namespace: Record<string, unknown>, work: Work & { readonly kind: "module" }): string {
  const names = Object.keys(namespace).join(", ") || "nothing";
  return work.agentName === null
    ? `it exports no agent as "${work.exportName ?? "default"}" (it exports ${names}).`
    : `it exports no agent called "${work.agentName}" (it exports ${names}). Export what defineAgent returns.`;
}

/** True while an agent's module is being imported: a run started then would start itself without end. */
export const loading = { depth: 0 };

/**
 * Imports the module of an agent and returns what it exports.
 *
 * @throws SheafError AGENT_MODULE_FAILED when it cannot be imported or does not export the agent.
 */
export async function loadAgent(work: Work & { readonly kind: "module" }): Promise<LoadedAgent> {
  const failed = (problem: string, cause?: unknown): SheafError => {
    const module = work.module.startsWith("file:") ? fileURLToPath(work.module) : work.module;
    const exportName = work.exportName === null ? {} : { exportName: work.exportName };
    return new SheafError("AGENT_MODULE_FAILED", { module, ...exportName, problem }, { cause });
  };
  let namespace: Record<string, unknown>;
  loading.depth += 1;
  try {
    namespace = (await import(work.module)) as Record<string, unknown>;
  } catch (error) {
    throw failed(toWireError(error).message, error);
  } finally {
    loading.depth -= 1;
  }
  const agent = exported(namespace, work);
  if (agent === undefined) throw failed(missing(namespace, work));
  return agent;
}
