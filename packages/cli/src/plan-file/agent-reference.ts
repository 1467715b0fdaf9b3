import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type AgentModule, SheafError } from "@sheaf/core";

const EXPORT = /#([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u;

/**
 * Reads `MODULE` or `MODULE#EXPORT`. A relative path is below `folder`; a `#` that no name follows is part of the path.
 *
 * @throws SheafError AGENT_MODULE_FAILED when there is no such file.
 *
 * "./agents.mjs#fit" below "/plans" is the export "fit" of "/plans/agents.mjs".
 */
export function readAgentReference(reference: string, folder: string): AgentModule {
  const { module, exportName } = splitReference(reference, folder);
  const problem = moduleProblem(module);
  if (problem !== null) throw new SheafError("AGENT_MODULE_FAILED", { module, problem });
  return exportName === null ? { module } : { module, export: exportName };
}

interface SplitReference {
  /** Absolute path. */
  readonly module: string;
  /** Null where none is named. */
  readonly exportName: string | null;
}

/** Splits a reference without looking whether there is such a file. */
export function splitReference(reference: string, folder: string): SplitReference {
  const exportName = EXPORT.exec(reference)?.[1] ?? null;
  const path = exportName === null ? reference : reference.slice(0, -exportName.length - 1);
  return { module: resolve(folder, path), exportName };
}

function moduleProblem(module: string): string | null {
  try {
    const stat = statSync(module, { throwIfNoEntry: false });
    if (stat === undefined) return "there is no such file.";
    return stat.isFile() ? null : "it is not a file.";
  } catch (error) {
    return `it cannot be read (${(error as NodeJS.ErrnoException).code}).`;
  }
}

/** An agent as the command line names it; `name` is null for the one that does every task whose agent nobody named. */
export interface AgentFlag {
  readonly name: string | null;
  readonly reference: string;
}

/**
 * Reads `[NAME=]MODULE[#EXPORT]`. A name holds no slash, so that paths with `=` in them stay paths.
 *
 * @example readAgentFlag("engineer=./agents.mjs") // { name: "engineer", reference: "./agents.mjs" }
 */
export function readAgentFlag(text: string): AgentFlag {
  const [, name, reference] = /^([^=/\\]+)=(.*)$/s.exec(text) ?? [];
  return name === undefined ? { name: null, reference: text } : { name, reference: reference! };
}
