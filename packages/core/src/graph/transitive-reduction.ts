import type { Edge } from "../edge.ts";
import type { Graph } from "./graph.ts";
import { topologicalOrder } from "./topological-order.ts";

/** Targets looked at in one sweep: 32 words of bits a task, so that memory stays linear in the tasks. */
const BLOCK = 1024;
const WORDS = BLOCK / 32;

/**
 * Returns the edges that no longer path implies, in the order of `graph.edges`. Every task waits for the same tasks
 * as before, directly or not.
 *
 * Bit sets over the topological order: O(tasks x (tasks + edges) / 64) word operations, 128 bytes a task.
 *
 * @throws SheafError GRAPH_CYCLE
 */
export function transitiveReduction(graph: Graph): readonly Edge[] {
  const order = topologicalOrder(graph);
  const place = new Uint32Array(graph.size);
  for (let p = 0; p < order.length; p++) place[order[p]!] = p;
  const sweep: Sweep = {
    graph,
    order,
    place,
    reached: new Uint32Array(graph.size * WORDS),
    implied: new Uint8Array(graph.edges.length),
  };
  for (let low = 0; low < graph.size; low += BLOCK) sweepBlock(sweep, low);
  return graph.edges.filter((_, e) => sweep.implied[e] === 0);
}

interface Sweep {
  readonly graph: Graph;
  /** Task at each place of the topological order, and the place of each task. */
  readonly order: Uint32Array;
  readonly place: Uint32Array;
  /** By place, WORDS words: which targets of the block at hand a path leads to. */
  readonly reached: Uint32Array;
  /** 1 for each edge that is found to be implied. */
  readonly implied: Uint8Array;
}

/** Marks the implied edges that end at a place from `low` on within one block. Only tasks before it can have any. */
function sweepBlock(sweep: Sweep, low: number): void {
  const { graph, order, place, reached, implied } = sweep;
  const { starts, neighbours, edges } = graph.successors;
  const high = Math.min(low + BLOCK, graph.size);
  reached.fill(0, 0, high * WORDS);
  for (let p = high - 1; p >= 0; p--) {
    const row = p * WORDS;
    const start = starts[order[p]!]!;
    const end = starts[order[p]! + 1]!;
    for (let k = start; k < end; k++) {
      const next = place[neighbours[k]!]!;
      if (next < high) addRow(reached, row, next * WORDS);
    }
    // The row now holds what two steps or more lead to: a direct edge to any of it adds nothing.
    for (let k = start; k < end; k++) {
      const bit = place[neighbours[k]!]! - low;
      if (bit >= 0 && bit < BLOCK) implied[edges[k]!] = (reached[row + (bit >> 5)]! >>> (bit & 31)) & 1;
    }
    for (let k = start; k < end; k++) {
      const bit = place[neighbours[k]!]! - low;
      if (bit >= 0 && bit < BLOCK) reached[row + (bit >> 5)]! |= 1 << (bit & 31);
    }
  }
}

function addRow(words: Uint32Array, row: number, other: number): void {
  for (let w = 0; w < WORDS; w++) words[row + w]! |= words[other + w]!;
}
