import { buildGraph, type Edge, findCycle, type Graph, type TaskId } from "@sheaf/core";
import { BadInput } from "../bad-input.ts";
import { safeIds } from "./safe-ids.ts";

/** One task of a list, as its author wrote it. */
interface ListedTask {
  /** The id that the list gives, made safe. */
  readonly id: TaskId;
  readonly description: string;
  /** What it takes and what it makes, by names that mean something within the list; null where the list does not say. */
  readonly artifacts: Artifacts | null;
}

export interface Artifacts {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A list of tasks of which all dependencies are known. */
export interface KnownList {
  readonly tasks: readonly ListedTask[];
  /** The true edges, without cycles; an edge may lead up the list. */
  readonly gold: Graph;
  /** By task, in whatever unit the list counts; 1 for each task where it gives none. */
  readonly durations: Float64Array;
  /** What is wrong with the true edges and was left out, as sentences for people. */
  readonly faults: readonly string[];
}

/** What a line of a set holds, its values checked one by one. */
export interface WrittenList {
  readonly tasks: readonly {
    readonly id: string;
    readonly description: string;
    readonly artifacts: Artifacts | null;
  }[];
  /** Ids of tasks. */
  readonly edges: readonly (readonly [string, string])[];
  readonly durations: readonly number[] | null;
}

/**
 * Builds the list: an edge from a task to itself and a second edge between the same two tasks say nothing, so they are
 * left out and told as faults.
 *
 * @throws BadInput when an edge names no task of the list, or the edges close a cycle.
 */
export function knownList({ tasks, edges, durations }: WrittenList): KnownList {
  const places = new Map(tasks.map(({ id }, place) => [id, place]));
  const ids = safeIds(tasks.map(({ id }) => id));
  const faults: string[] = [];
  const seen = new Set<number>();
  const kept: Edge[] = [];
  edges.forEach((pair, e) => {
    const [from, to] = pair.map((id) => placeOf(id, places, e)) as [number, number];
    const written = `edge ${e + 1}, ${JSON.stringify(pair)},`;
    const key = from * tasks.length + to;
    if (from === to) faults.push(`${written} joins a task to itself: left out`);
    else if (seen.has(key)) faults.push(`${written} is there twice: counted once`);
    else kept.push(goldEdge(ids[from]!, ids[to]!));
    seen.add(key);
  });
  const gold = buildGraph(ids, kept);
  const cycle = findCycle(gold);
  if (cycle !== undefined) {
    const names = [...cycle, cycle[0]!].map((id) => JSON.stringify(tasks[gold.indexOf(id)!]!.id));
    throw new BadInput(
      `expected \`edges\` without a cycle, but tasks wait for each other: ${names.join(" -> ")}`,
    );
  }
  return {
    tasks: tasks.map((task, place) => ({ ...task, id: ids[place]! })),
    gold,
    durations: durations === null ? new Float64Array(tasks.length).fill(1) : Float64Array.from(durations),
    faults,
  };
}

function placeOf(id: string, places: ReadonlyMap<string, number>, e: number): number {
  const place = places.get(id);
  if (place !== undefined) return place;
  throw new BadInput(
    `expected edge ${e + 1} to join two tasks of the list, and there is no task ${JSON.stringify(id)}`,
  );
}

function goldEdge(from: TaskId, to: TaskId): Edge {
  return { from, to, kind: "order", source: "declared", probability: 1, evidence: "given" };
}
