// The cases of the frozen proofs are the same as ever: what draws them has not changed, here or in fast-check.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { scriptCase } from "./commands/cases.ts";
import { lookCase } from "./looks/cases.ts";
import { anyCase } from "./observed/cases.ts";
import { rungCase, shellCase } from "./rungs/cases.ts";
import { SEEDS } from "./seeds.ts";

function hashOf<T>(arbitrary: fc.Arbitrary<T>, seed: number): string {
  const plain = (_: string, value: unknown): unknown => (value instanceof Map ? [...value] : value);
  const drawn = fc.sample(arbitrary, { numRuns: 100, seed });
  return createHash("sha256").update(JSON.stringify(drawn, plain)).digest("hex").slice(0, 16);
}

test.each([
  { what: "wrong edges", arbitrary: anyCase, seed: SEEDS.wrongEdges, hash: "cbf1ae83807c219b" },
  { what: "crashes", arbitrary: anyCase, seed: SEEDS.crashes, hash: "38a9537d3bb103bf" },
  { what: "rungs", arbitrary: rungCase, seed: SEEDS.rungs, hash: "5000e043e35711cd" },
  { what: "looks", arbitrary: lookCase, seed: SEEDS.looks, hash: "b2c66a86e3eb6289" },
  { what: "blind overlays", arbitrary: shellCase, seed: SEEDS.blindOverlay, hash: "c053987c1569c186" },
  { what: "commands", arbitrary: scriptCase, seed: SEEDS.commands, hash: "1b5f1c8c61015d0c" },
])("the cases of $what are those of this seed", ({ arbitrary, seed, hash }) => {
  expect(hashOf<unknown>(arbitrary, seed)).toBe(hash);
});
