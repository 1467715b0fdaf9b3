// Lists of programs that never change, so that figures about them can be compared over time. Nothing here may be
// edited: a new kind of list gets a new file.
import type { Pair } from "./edges.ts";
import type { Program, Step } from "./step.ts";

const TASKS = 20;
const SOURCES = 10;
/** Of the true edges, so many are kept. */
const KEPT = 0.75;

/** One list with its true edges, and those that are left of them. */
export interface FrozenList {
  readonly files: Readonly<Record<string, string>>;
  readonly programs: readonly Program[];
  readonly trueEdges: readonly Pair[];
  readonly keptEdges: readonly Pair[];
  readonly pauses: readonly number[];
}

/** Numbers from 0 up to 1 (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Returns the list of a seed: 20 tasks, each of which reads up to three files, half of them sources that nobody
 * writes, half results of earlier tasks, and writes one result; every fifth looks for a result that may be absent.
 */
export function frozenList(seed: number): FrozenList {
  const random = numbers(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const programs: Program[] = [];
  const trueEdges: Pair[] = [];
  for (let i = 0; i < TASKS; i++) {
    const steps: Step[] = [];
    const edges = new Set<number>();
    for (let k = below(4); k > 0; k--) {
      const from = i > 0 && random() < 0.5 ? below(i) : null;
      if (from !== null) edges.add(from);
      steps.push({ op: "read", path: from === null ? `source/${below(SOURCES)}` : `result/${from}` });
    }
    if (i > 0 && i % 5 === 0) {
      const from = below(i);
      edges.add(from);
      steps.push({ op: "exists", path: `result/${from}` });
    }
    steps.push({ op: "mkdir", path: "result", recursive: true });
    steps.push({ op: "write", path: `result/${i}`, text: null });
    programs.push({ id: `t${i}`, steps });
    trueEdges.push(...[...edges].map((from): Pair => [from, i]));
  }
  const keptEdges = trueEdges.filter(() => random() < KEPT);
  const files = Object.fromEntries(Array.from({ length: SOURCES }, (_, i) => [`source/${i}`, `${i}`]));
  return { files, programs, trueEdges, keptEdges, pauses: Array.from({ length: 97 }, () => below(6)) };
}
