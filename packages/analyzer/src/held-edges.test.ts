import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { heldEdges, type WantedEdge } from "./held-edges.ts";

type Pair = readonly [number, number];

const held = (size: number, given: readonly Pair[], wanted: readonly WantedEdge[]): readonly boolean[] =>
  heldEdges(
    size,
    { row: Uint32Array.from(given, ([from]) => from), neighbour: Uint32Array.from(given, ([, to]) => to) },
    wanted,
  );

const edge = (from: number, to: number, probability = 0.9): WantedEdge => ({ from, to, probability });

describe("heldEdges", () => {
  it("holds to all where nothing goes in a circle", () => {
    expect(held(3, [[0, 1]], [edge(2, 0), edge(2, 1)])).toEqual([true, true]);
  });

  it("lets the least likely edge of a circle go, of equal ones the later", () => {
    expect(held(3, [], [edge(0, 1, 0.5), edge(1, 2, 0.9), edge(2, 0, 0.8)])).toEqual([false, true, true]);
    expect(held(2, [], [edge(1, 0), edge(0, 1)])).toEqual([true, false]);
  });

  it("lets no given edge go, however unlikely the others are not", () => {
    expect(held(3, [[0, 1], [1, 2]], [edge(2, 0, 1), edge(0, 2, 0.1)])).toEqual([false, true]); // biome-ignore format: a graph
  });

  it("takes no edge inside of a circle that is given", () => {
    expect(held(3, [[0, 1], [1, 0]], [edge(0, 1), edge(1, 2), edge(2, 0)])).toEqual([false, true, false]); // biome-ignore format: a graph
  });

  it("holds only to what leads forward where circles are entangled beyond measure", () => {
    const size = 200;
    const wanted = Array.from({ length: size * size }, (_, i) => edge(Math.floor(i / size), i % size)).filter(
      ({ from, to }) => from !== to,
    );
    const start = performance.now();
    const isHeld = held(size, [], wanted);
    expect(isHeld).toEqual(wanted.map(({ from, to }) => from < to));
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  /** By definition: one after another, each unless it closes a circle. */
  function plain(given: readonly Pair[], wanted: readonly WantedEdge[]): boolean[] {
    const all = [...given];
    const leads = (from: number, to: number, seen = new Set<number>()): boolean =>
      from === to ||
      all.some(([a, b]) => a === from && !seen.has(b) && leads(b, to, new Set([...seen, b]).add(from)));
    const isHeld = wanted.map(() => false);
    const order = [...wanted.keys()].sort((a, b) => wanted[b]!.probability - wanted[a]!.probability || a - b);
    for (const i of order) {
      const { from, to } = wanted[i]!;
      isHeld[i] = !leads(to, from);
      if (isHeld[i]) all.push([from, to]);
    }
    return isHeld;
  }

  it("any edges: those that the definition holds to", () => {
    const node = fc.nat({ max: 5 });
    const pair = fc.tuple(node, node).filter(([from, to]) => from !== to);
    const wantedEdge = fc
      .tuple(pair, fc.constantFrom(0.2, 0.5, 0.9))
      .map(([[from, to], p]) => edge(from, to, p));
    fc.assert(
      fc.property(
        fc.array(pair, { maxLength: 6 }),
        fc.array(wantedEdge, { maxLength: 10 }),
        (given, wanted) => {
          expect(held(6, given, wanted)).toEqual(plain(given, wanted));
        },
      ),
      cases({ ci: 500, deep: 20_000 }),
    );
  });
});
