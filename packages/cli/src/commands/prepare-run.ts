import { resolve } from "node:path";
import { type AgentModule, SheafError } from "@sheaf/core";
import { type Agent, type RunInput, type RunOptions, readSettings, type Settings } from "@sheaf/engine";
import { readAgentFlag, readAgentReference } from "../plan-file/agent-reference.ts";
import { findMissing, linkProblems, type Missing } from "../plan-file/link-problems.ts";
import { loadPlanText } from "../plan-file/load-plan-text.ts";
import { locateError } from "../plan-file/locate-error.ts";
import {
  inTextOrder,
  type Plan,
  type PlanProblems,
  type PlanText,
  placed,
  readPlan,
} from "../plan-file/read-plan.ts";
import type { Io } from "./io.ts";
import { settingsOfFlags } from "./setting-flags.ts";

/** Flags that `run` and `plan` share, as commander leaves them. */
export interface PlanFlags extends Readonly<Record<string, unknown>> {
  readonly dir?: string;
  readonly agent?: readonly string[];
}

/** Everything that the engine is called with. */
export interface PreparedRun {
  readonly input: RunInput;
  readonly agent: Agent | undefined;
  readonly options: RunOptions;
  /** What the stand-in does because nobody else would. */
  readonly missing: Missing;
  readonly planText: PlanText;
  /** Says what the engine has against it, with the place in the plan. */
  locate(error: SheafError): string;
}

interface Agents {
  readonly named: Readonly<Record<string, AgentModule>>;
  readonly fallback: AgentModule | undefined;
}

export interface PrepareOptions {
  /** Does the tasks whose agent nobody named, instead of that being a problem. */
  readonly standIn?: AgentModule;
  /** The plan's text where it is known already. */
  readonly text?: PlanText | PlanProblems;
}

/** Reads a plan and the flags beside it, or returns what is wrong with the plan. Throws SheafError for flags. */
export function prepareRun(
  path: string,
  flags: PlanFlags,
  { io, standIn, text: given }: PrepareOptions & { readonly io: Io },
): PreparedRun | PlanProblems {
  const fromFlags = settingsOfFlags(flags);
  const flagAgents = agentsOfFlags(flags.agent ?? [], io.cwd);
  const text = given ?? loadPlanText(path, io.cwd);
  if ("problems" in text) return text;
  const read = readPlan(text);
  const plan = "problems" in read ? read.rest : read;
  if (plan === undefined) return read as PlanProblems;
  const own = agentsOfPlan(plan, flagAgents.named);
  const named: Record<string, AgentModule> = Object.assign(Object.create(null), own.named, flagAgents.named);
  const names = new Set([...own.mentioned, ...Object.keys(named)]);
  const known = { names, hasDefault: flagAgents.fallback !== undefined };
  const options = { ...optionsOf(plan), ...fromFlags, env: io.env };
  const problems = [
    ...("problems" in read ? read.problems : []),
    ...own.problems,
    ...linkProblems(plan, { names, hasDefault: known.hasDefault || standIn !== undefined }, orderOf(options)),
  ];
  if (problems.length > 0) return { problems: inTextOrder(problems, plan.name) };
  const overruled = {
    dir: flags.dir !== undefined,
    options: new Set(Object.keys(fromFlags)),
    agents: new Set(Object.keys(flagAgents.named)),
  };
  return {
    input: inputOf(plan, dirOf(plan, flags, io), named),
    agent: flagAgents.fallback ?? standIn,
    options,
    missing: findMissing(plan, known),
    planText: text,
    locate: (error) => locateError(plan, error, overruled),
  };
}

function orderOf({ env, ...options }: RunOptions): Settings["order"] {
  try {
    return readSettings(options, env ?? {}).settings.order;
  } catch {
    return "list"; // whoever runs the plan is told what is wrong with its options
  }
}

function agentsOfFlags(texts: readonly string[], cwd: string): Agents {
  const named = Object.create(null) as Record<string, AgentModule>;
  let fallback: AgentModule | undefined;
  for (const { name, reference } of texts.map(readAgentFlag)) {
    const agent = readAgentReference(reference, cwd);
    if (name === null) fallback = agent;
    else named[name] = agent;
  }
  return { named, fallback };
}

function agentsOfPlan(plan: Plan, overruled: Readonly<Record<string, AgentModule>>) {
  const named = Object.create(null) as Record<string, AgentModule>;
  const problems: string[] = [];
  const mentioned = Object.keys(plan.contents.agents ?? {});
  for (const [name, reference] of Object.entries(plan.contents.agents ?? {})) {
    if (name in overruled) continue;
    try {
      named[name] = readAgentReference(reference, plan.folder);
    } catch (error) {
      if (!(error instanceof SheafError)) throw error;
      problems.push(placed(plan, ["agents", name], error.message));
    }
  }
  return { named, problems, mentioned };
}

function dirOf({ contents, folder }: Plan, flags: PlanFlags, io: Io): string {
  if (flags.dir !== undefined) return resolve(io.cwd, flags.dir);
  return contents.dir === undefined ? io.cwd : resolve(folder, contents.dir);
}

function inputOf({ contents }: Plan, dir: string, agents: Readonly<Record<string, AgentModule>>): RunInput {
  const { sub_tasks } = contents;
  if (sub_tasks !== undefined) return { sub_tasks, dir, agents };
  return { tasks: contents.tasks as never, dir, agents };
}

function optionsOf({ contents, folder }: Plan): Partial<Settings> {
  const options = (contents.options ?? {}) as Partial<Settings>;
  return typeof options.home === "string" ? { ...options, home: resolve(folder, options.home) } : options;
}
