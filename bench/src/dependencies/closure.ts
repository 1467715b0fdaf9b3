import { type Graph, serialOrderOf } from "@sheaf/core";

/** Targets looked at in one sweep, so that memory stays linear in the tasks. */
const BLOCK = 1024;
const WORDS = BLOCK / 32;

/** Which tasks a path leads to, for the targets of one block. */
interface Sweep {
  /** Fills in the block that starts at target `low` and returns it: WORDS words a task, good until the next call. */
  blockAt(low: number): Uint32Array;
}

/** @throws SheafError GRAPH_CYCLE */
function sweepOf(graph: Graph): Sweep {
  const { starts, neighbours } = graph.successors;
  const lastFirst = serialOrderOf(graph)
    .map((id) => graph.indexOf(id)!)
    .reverse();
  const words = new Uint32Array(graph.size * WORDS);
  return {
    blockAt(low) {
      words.fill(0);
      for (const i of lastFirst) {
        const row = i * WORDS;
        for (let k = starts[i]!; k < starts[i + 1]!; k++) {
          const next = neighbours[k]!;
          for (let w = 0; w < WORDS; w++) words[row + w]! |= words[next * WORDS + w]!;
          const bit = next - low;
          if (bit >= 0 && bit < BLOCK) words[row + (bit >> 5)]! |= 1 << (bit & 31);
        }
      }
      return words;
    },
  };
}

/** Calls `visit` with the same 32 pairs of tasks of each graph, as bits: whether a path leads from one to the other. */
export function visitClosures(graphs: readonly Graph[], visit: (words: readonly number[]) => void): void {
  const sweeps = graphs.map(sweepOf);
  const size = graphs[0]?.size ?? 0;
  for (let low = 0; low < size; low += BLOCK) {
    const blocks = sweeps.map((sweep) => sweep.blockAt(low));
    for (let w = 0; w < size * WORDS; w++) visit(blocks.map((block) => block[w]!));
  }
}
