import { SheafError } from "../errors.ts";
import type { Graph } from "./graph.ts";

/**
 * Makes sure that there is one usable duration for each task.
 *
 * @throws SheafError OPTION_INVALID
 */
export function assertDurations(graph: Graph, durationsMs: Float64Array): void {
  if (durationsMs.length !== graph.size) {
    const expected = `one duration for each of the ${graph.size} tasks`;
    throw new SheafError("OPTION_INVALID", { option: "durationsMs", expected, got: durationsMs.length });
  }
  const bad = durationsMs.findIndex((ms) => !(ms >= 0 && ms < Number.POSITIVE_INFINITY));
  if (bad !== -1) {
    const option = `durationsMs[${bad}]`;
    // JSON has no NaN and no infinity, so the message gets them as text.
    const got = String(durationsMs[bad]);
    throw new SheafError("OPTION_INVALID", { option, expected: "a finite number >= 0", got });
  }
}
