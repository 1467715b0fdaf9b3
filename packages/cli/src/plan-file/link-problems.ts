import type { TaskSpec } from "@sheaf/core";
import { checkTasks, type Settings } from "@sheaf/engine";
import { pathInTask } from "./locate-error.ts";
import type { PlanContents } from "./plan-schema.ts";
import type { DataPath } from "./positioned-data.ts";
import { type Plan, placed } from "./read-plan.ts";

/** Agents that a run has. */
export interface KnownAgents {
  readonly names: ReadonlySet<string>;
  /** There is one for tasks whose agent nobody named. */
  readonly hasDefault: boolean;
}

type Report = (path: DataPath, message: string) => void;

/**
 * Finds what does not fit together in a plan of the right form: names that are taken, or that nobody has, tasks that
 * wait for each other, outputs that are taken too early.
 */
export function linkProblems(
  plan: Plan,
  agents: KnownAgents,
  order: Settings["order"] = "list",
): readonly string[] {
  const problems: string[] = [];
  const report: Report = (path, message) => problems.push(placed(plan, path, message));
  const { contents } = plan;
  if (contents.tasks !== undefined) checkList(contents.tasks as readonly TaskSpec[], order, report);
  checkAgents(contents, agents, report);
  return problems;
}

function checkList(tasks: readonly TaskSpec[], order: Settings["order"], report: Report): void {
  for (const { task, error } of checkTasks(tasks, order).problems) {
    report(pathInTask(tasks[task]!, task, error), error.message);
  }
}

/** An agent that a task asks for, and where it does. */
interface AgentUse {
  readonly path: DataPath;
  readonly task: string;
  readonly agent: string | undefined;
}

function agentUses(contents: PlanContents): readonly AgentUse[] {
  if (contents.sub_tasks !== undefined) {
    return contents.sub_tasks.map(({ sub_task_agent: agent }, i) => ({
      path: ["sub_tasks", i, ...(agent === undefined ? [] : ["sub_task_agent"])],
      ...{ task: `step-${i + 1}`, agent },
    }));
  }
  return ((contents.tasks ?? []) as readonly TaskSpec[]).flatMap(({ id, agent, run }, i) =>
    run !== undefined
      ? []
      : [{ path: ["tasks", i, ...(agent === undefined ? [] : ["agent"])], task: id, agent }],
  );
}

/** The uses of agents that nobody named: one for each name, and each use without a name. */
function missingUses(contents: PlanContents, { names, hasDefault }: KnownAgents): readonly AgentUse[] {
  if (hasDefault) return [];
  const told = new Set<string>();
  return agentUses(contents).filter(({ agent }) => {
    if (agent === undefined) return true;
    if (names.has(agent) || told.has(agent)) return false;
    told.add(agent);
    return true;
  });
}

/** What a run would lack. */
export interface Missing {
  /** Agents that tasks ask for and nobody named. */
  readonly agents: readonly string[];
  /** Tasks with neither an agent nor a command. */
  readonly tasks: readonly string[];
}

/** Finds what a run would lack to do the tasks of a plan. */
export function findMissing({ contents }: Plan, agents: KnownAgents): Missing {
  const uses = missingUses(contents, agents);
  return {
    agents: uses.flatMap(({ agent }) => agent ?? []),
    tasks: uses.flatMap(({ task, agent }) => (agent === undefined ? [task] : [])),
  };
}

function checkAgents(contents: PlanContents, agents: KnownAgents, report: Report): void {
  const known = agents.names.size === 0 ? "" : ` Known agents: ${[...agents.names].join(", ")}.`;
  for (const { path, task, agent } of missingUses(contents, agents)) {
    const problem =
      agent === undefined
        ? `has no \`run\` and no \`agent\`. Add one, or give all such tasks an agent with --agent MODULE.`
        : `asks for the agent "${agent}", which nobody named.${known} Add it under \`agents\`, or give --agent ${agent}=MODULE (--agent MODULE for all).`;
    report(path, `Task "${task}" ${problem}`);
  }
}
