import type { Work } from "@sheaf/core";
import type { Settings } from "../config/settings.ts";
import type { AgentNeeds } from "./define-agent.ts";
import { executorFor, type TaskWork } from "./resolve-work.ts";

type ModuleWork = Work & { readonly kind: "module" };

const key = (work: ModuleWork): string => `${work.module}#${work.exportName}`;

/** Asks what agents need that are given by module and export alone. */
export type Inspect = (works: readonly ModuleWork[]) => Promise<readonly (AgentNeeds | null)[]>;

/**
 * Returns the works with the needs of agents that are named by module and export: until their module is imported
 * nobody knows them.
 */
export async function applyNeeds(
  works: readonly TaskWork[],
  settings: Settings,
  inspect: Inspect,
): Promise<readonly TaskWork[]> {
  const named = new Map<string, ModuleWork>();
  for (const { work, executor } of works) {
    if (work.kind === "module" && work.exportName !== null && executor !== "inline")
      named.set(key(work), work);
  }
  const needs = await inspect([...named.values()]);
  const found = new Map([...named.keys()].map((name, i) => [name, needs[i] ?? null]));
  return works.map((each) => {
    const own = each.work.kind === "module" ? found.get(key(each.work)) : undefined;
    return own === undefined || own === null
      ? each
      : { ...each, needs: own, executor: executorFor(own, settings) };
  });
}
