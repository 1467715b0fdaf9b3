import { SheafError } from "@sheaf/core";
import { checkAgent } from "../agents/resolve-work.ts";
import { isNear } from "../config/read-settings.ts";
import { SETTING_TABLE } from "../config/setting-table.ts";
import { RUN_OPTION_NAMES, type RunOptions, type RunSpec } from "./options.ts";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hasMethods = (value: unknown, ...names: readonly string[]): boolean =>
  isRecord(value) && names.every((name) => typeof value[name] === "function");

// A signal of another realm, or of a library, is as good as one of this.
const isSignal = (value: unknown): boolean =>
  hasMethods(value, "addEventListener", "removeEventListener") &&
  typeof (value as { readonly aborted?: unknown }).aborted === "boolean";

const OTHERS: readonly (readonly [name: string, expected: string, accepts: (value: unknown) => boolean])[] = [
  ["signal", "an AbortSignal", isSignal],
  ["validate", "true or false", (value) => typeof value === "boolean"],
  ["clock", "a clock with now() and after()", (value) => hasMethods(value, "now", "after")],
  ["env", "an object of variables", isRecord],
  ["costWeights", "an object of weights", isRecord],
];

/**
 * Checks the names of options, and the types of those that are no settings.
 *
 * @throws SheafError OPTION_INVALID
 */
export function checkOptions(options: unknown): asserts options is RunOptions {
  if (!isRecord(options)) {
    throw new SheafError("OPTION_INVALID", {
      option: "options",
      expected: "an object of options",
      got: options,
    });
  }
  checkNames(options);
  for (const [option, expected, accepts] of OTHERS) {
    const got = options[option];
    if (got !== undefined && !accepts(got)) throw new SheafError("OPTION_INVALID", { option, expected, got });
  }
}

function checkNames(options: Readonly<Record<string, unknown>>): void {
  const known = [...Object.keys(SETTING_TABLE), ...RUN_OPTION_NAMES];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = known.find((name) => isNear(name.toLowerCase(), unknown.toLowerCase()));
  const expected = near === undefined ? `one of the options ${known.join(", ")}` : `spelled \`${near}\``;
  throw new SheafError("OPTION_INVALID", { option: unknown, expected, got: options[unknown] });
}

/**
 * Returns the agents of a run by name.
 *
 * @throws SheafError OPTION_INVALID when they are no object of agents.
 */
export function checkAgents(agents: unknown): NonNullable<RunSpec["agents"]> {
  if (agents === undefined) return {};
  if (!isRecord(agents)) {
    const expected = "an object of agents by name; an agent for all tasks is the second argument";
    throw new SheafError("OPTION_INVALID", { option: "agents", expected, got: agents });
  }
  for (const [name, agent] of Object.entries(agents)) checkAgent(agent, `agents.${name}`);
  return agents as NonNullable<RunSpec["agents"]>;
}
