import { show } from "@sheaf/core";
import { BadInput } from "../bad-input.ts";
import { type Artifacts, type KnownList, knownList, type WrittenList } from "./known-list.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads one line of a set: an object with `tasks[{id, description, inputs?, outputs?}]`, `edges[[from, to]]` (`to`
 * needs `from`) and perhaps `durations`, one a task. What else it holds is not looked at; null is as good as absent.
 *
 * @throws BadInput
 */
export function parseList(line: string): KnownList {
  const list = objectIn(jsonIn(line));
  if (list === undefined)
    throw new BadInput(`expected a list as a JSON object in one line, got ${show(jsonIn(line))}`);
  const tasks = tasksIn(list.tasks);
  return knownList({
    tasks,
    edges: edgesIn(list.edges),
    durations: durationsIn(list.durations, tasks.length),
  });
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new BadInput(`expected a list as a JSON object in one line, got what is not JSON (${problem})`);
  }
}

function tasksIn(value: unknown): WrittenList["tasks"] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new BadInput(`expected \`tasks\` to be a list of one task or more, got ${show(value)}`);
  }
  const firsts = new Map<string, number>();
  return value.map((item: unknown, i) => {
    const task = objectIn(item);
    const { id, description } = task ?? {};
    if (task === undefined || typeof id !== "string" || id === "" || typeof description !== "string") {
      throw new BadInput(
        `expected task ${i + 1} to have an \`id\` and a \`description\`, both text, got ${show(item)}`,
      );
    }
    const first = firsts.get(id);
    if (first !== undefined) {
      throw new BadInput(
        `expected ids of their own, but tasks ${first} and ${i + 1} are both called ${show(id)}`,
      );
    }
    firsts.set(id, i + 1);
    return { id, description, artifacts: artifactsIn(task, id) };
  });
}

/** A task that names one of the two alone does not say all that it takes and makes. */
function artifactsIn(task: Json, id: string): Artifacts | null {
  const inputs = namesIn(task, "inputs", id);
  const outputs = namesIn(task, "outputs", id);
  return inputs === null || outputs === null ? null : { inputs, outputs };
}

function namesIn(task: Json, field: "inputs" | "outputs", id: string): readonly string[] | null {
  const value = task[field] ?? null;
  if (value === null || isTexts(value)) return value;
  throw new BadInput(`expected \`${field}\` of task ${show(id)} to be a list of names, got ${show(value)}`);
}

function edgesIn(value: unknown): WrittenList["edges"] {
  if (!Array.isArray(value)) {
    throw new BadInput(`expected \`edges\` to be a list of pairs [from, to], got ${show(value)}`);
  }
  return value.map((pair: unknown, e) => {
    if (isTexts(pair) && pair.length === 2) return [pair[0]!, pair[1]!];
    throw new BadInput(`expected edge ${e + 1} to be a pair [from, to] of task ids, got ${show(pair)}`);
  });
}

function durationsIn(value: unknown, tasks: number): readonly number[] | null {
  if (value === undefined || value === null) return null;
  const isDuration = (item: unknown): boolean =>
    typeof item === "number" && item >= 0 && Number.isFinite(item);
  if (Array.isArray(value) && value.length === tasks && value.every(isDuration)) return value;
  throw new BadInput(
    `expected \`durations\` to be a list of ${tasks} numbers >= 0, one for each task, got ${show(value)}`,
  );
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const objectIn = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
