// Random cases for proofs about wrong edges and crashes. Frozen: see ../frozen.test.ts.
import fc from "fast-check";
import type { Case } from "./compare.ts";
import { needsOf, type Pair } from "./edges.ts";
import { programs, startFiles } from "./step.ts";

const place = fc.nat(7);
const forward: fc.Arbitrary<Pair> = fc
  .tuple(place, place)
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
// Mostly down the list; the others turn the order of what they join.
const pair = fc.oneof(
  { weight: 5, arbitrary: forward },
  { weight: 1, arbitrary: forward.map(([a, b]): Pair => [b, a]) },
);

/** Cases with edges that are true, wrong, turned round or missing, and any order of ends. */
export const anyCase: fc.Arbitrary<Case> = fc
  .record({
    files: startFiles,
    programs,
    pairs: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(pair, { maxLength: 4 }) },
    ),
    mode: fc.constantFrom("parallel" as const, "parallel" as const, "parallel" as const, "auto" as const),
    // None of these may make a difference to what is left.
    policies: fc.constantFrom<Case["policies"]>(
      ...([{}, {}, { "**": "append" }, { "d/**": "append", "**": "same-content" }] as const),
    ),
    maxWorkers: fc.integer({ min: 2, max: 6 }),
    pauses: fc.array(fc.nat(5), { minLength: 48, maxLength: 48 }),
    learnedFrom: fc.option(programs, { freq: 5 }),
  })
  .map(({ pairs, ...each }) => {
    const ids = each.programs.map(({ id }) => id);
    return { ...each, needs: needsOf(ids, pairs) };
  });
