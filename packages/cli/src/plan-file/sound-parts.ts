import type { TaskSpec } from "@sheaf/core";
import type { PlanContents } from "./plan-schema.ts";

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const ifText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/**
 * Returns what of a plan can be looked at further although its form is wrong in places: names and where they are
 * used. Every task keeps its number.
 */
export function soundParts(data: unknown): PlanContents {
  if (!isRecord(data)) return {};
  const { tasks, agents } = data;
  return {
    ...(Array.isArray(tasks) ? { tasks: soundTasks(tasks) } : {}),
    ...(isRecord(agents) ? { agents: soundAgents(agents) } : {}),
  };
}

function soundTasks(tasks: readonly unknown[]): readonly TaskSpec[] {
  const ids = tasks.map((task) => (isRecord(task) ? task.id : undefined));
  const known = new Set(ids);
  // Whoever wrote a number as an id meant its text.
  const meant = new Set(ids.map(String));
  return tasks.map((task, i) => {
    // That a task has no id is told already. Nobody can refer to the name in its place.
    const id = ifText(ids[i]) ?? `number ${i + 1}`;
    if (!isRecord(task)) return { id, run: "" };
    const { dependsOn, agent, run, description, input, effects, retries, idempotent } = task;
    const needs = Array.isArray(dependsOn) ? dependsOn.filter((from) => ifText(from) !== undefined) : [];
    return {
      ...{ id, input, idempotent: idempotent === true },
      effects: Array.isArray(effects) ? effects : [],
      retries: typeof retries === "number" ? retries : 0,
      dependsOn: needs.filter((from) => known.has(from) || !meant.has(from)),
      ...texts({ description, ...doneBy(agent, run) }),
    };
  });
}

// An agent or a command of the wrong form is one all the same.
function doneBy(agent: unknown, run: unknown): Fields {
  const isBroken = [agent, run].some((value) => value !== undefined && typeof value !== "string");
  return isBroken ? { run: "" } : { agent, run };
}

function texts(fields: Fields): Readonly<Record<string, string>> {
  const found = Object.entries(fields).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(found);
}

function soundAgents(agents: Fields): Readonly<Record<string, string>> {
  const sound = Object.entries(agents).filter(
    (entry): entry is [string, string] => ifText(entry[1]) !== undefined,
  );
  return Object.assign(Object.create(null), Object.fromEntries(sound));
}
