import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type AgentFn,
  type AgentModule,
  type ExecutorKind,
  SheafError,
  type Task,
  type Work,
} from "@sheaf/core";
import type { Settings } from "../config/settings.ts";
import { type AgentNeeds, isPortableAgent, type PortableAgent } from "./define-agent.ts";

/** Whatever may do a task: a plain function, an agent made by defineAgent, or a module and one of its exports. */
export type Agent = AgentFn | PortableAgent | AgentModule;

/** How a task will be done. */
export interface TaskWork {
  readonly work: Work;
  readonly executor: ExecutorKind;
  /** Name under which its cost and its durations are kept. */
  readonly agentName: string;
  readonly needs: AgentNeeds;
}

export interface AgentChoice {
  /** Does tasks that name no agent, and those whose agent is not named here. */
  readonly fallback: Agent | undefined;
  readonly named: Readonly<Record<string, Agent>>;
}

const NO_NEEDS: AgentNeeds = {};

function moduleUrl(agent: AgentModule): string {
  const { module } = agent;
  const url = module.startsWith("file:")
    ? module
    : isAbsolute(module)
      ? pathToFileURL(module).href
      : undefined;
  if (url === undefined) {
    const problem =
      "it must be a file: URL or an absolute path, for example new URL('./agents.js', import.meta.url).href";
    throw new SheafError("AGENT_MODULE_FAILED", { module, problem });
  }
  if (!existsSync(fileURLToPath(url))) {
    throw new SheafError("AGENT_MODULE_FAILED", {
      module: fileURLToPath(url),
      problem: "there is no such file.",
    });
  }
  return url;
}

function isAgentModule(agent: unknown): agent is AgentModule {
  return (
    typeof agent === "object" && agent !== null && typeof (agent as { module?: unknown }).module === "string"
  );
}

/** Throws unless `agent` is something that can do tasks. */
export function checkAgent(agent: unknown, option: string): Agent {
  if (typeof agent === "function" || isPortableAgent(agent) || isAgentModule(agent)) return agent as Agent;
  const expected = "a function (task, ctx) => output, an agent made by defineAgent, or { module, export }";
  throw new SheafError("OPTION_INVALID", { option, expected, got: agent });
}

function chooseAgent(task: Task, choice: AgentChoice): { readonly agent: Agent; readonly name: string } {
  const own =
    task.agent !== undefined && Object.hasOwn(choice.named, task.agent)
      ? choice.named[task.agent]
      : undefined;
  const agent = own ?? choice.fallback;
  if (agent !== undefined) {
    const name = task.agent ?? (isPortableAgent(agent) ? agent.name : "agent");
    return { agent: checkAgent(agent, `agents.${name}`), name };
  }
  const known = Object.keys(choice.named);
  if (task.agent !== undefined)
    throw new SheafError("AGENT_UNKNOWN", { taskId: task.id, agent: task.agent, known });
  const expected = "present (a command), or the run to have an agent for tasks that name none";
  throw new SheafError("TASK_INVALID", { taskId: task.id, field: "run", expected, got: "nothing" });
}

/** Decides where an agent runs. */
export function executorFor(needs: AgentNeeds, settings: Settings): ExecutorKind {
  if (settings.executor !== "auto") return settings.executor;
  return needs.executor ?? (settings.useProcessPool ? "process" : "thread");
}

/**
 * Decides what does a task and where.
 *
 * @throws SheafError AGENT_UNKNOWN, AGENT_NOT_PORTABLE, AGENT_MODULE_FAILED or TASK_INVALID.
 */
export function resolveWork(task: Task, choice: AgentChoice, settings: Settings): TaskWork {
  if (task.run !== undefined) {
    const work = { kind: "command", command: task.run } as const;
    return { work, executor: "process", agentName: "command", needs: NO_NEEDS };
  }
  const { agent, name } = chooseAgent(task, choice);
  if (typeof agent === "function") {
    const { executor } = settings;
    if (executor === "thread" || executor === "process") {
      throw new SheafError("AGENT_NOT_PORTABLE", { executor, taskId: task.id });
    }
    return { work: { kind: "closure", fn: agent }, executor: "inline", agentName: name, needs: NO_NEEDS };
  }
  const portable = isPortableAgent(agent);
  const needs = portable ? agent.needs : NO_NEEDS;
  const work: Work = portable
    ? { kind: "module", module: moduleUrl(agent), exportName: null, agentName: agent.name }
    : { kind: "module", module: moduleUrl(agent), exportName: agent.export ?? "default", agentName: null };
  const executor = executorFor(needs, settings);
  // In this thread the function at hand does as well as the module, and needs no second import.
  if (executor === "inline" && portable) {
    return { work: { kind: "closure", fn: agent.run }, executor, agentName: name, needs };
  }
  return { work, executor, agentName: name, needs };
}
