import type { EventBody, UsageRecord } from "@sheaf/core";
import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stamp, tell } from "../exports/events-rig.ts";
import type { CostRow } from "./read-ag2-costs.ts";
import { toldByRows } from "./told-by-rows.ts";

const row = (model: string, inputTokens: number | null, outputTokens: number | null): CostRow => ({
  ...{ model, inputTokens, outputTokens, costUsd: 1 },
});
const used = (model: string, inputTokens: number, outputTokens: number): UsageRecord => ({
  ...{ model, provider: "openai", inputTokens, outputTokens, costUsd: 2 },
});
const answered = (usage: UsageRecord, more: object = {}): EventBody => tell.answered("a", 1, usage, more);
const told = (rows: readonly CostRow[], ...bodies: readonly EventBody[]) => toldByRows(rows, stamp(bodies));

describe("a row of a cost file", () => {
  it("is booked where nothing else tells of its model", () => {
    const usage = { model: "m", inputTokens: 10, outputTokens: 5, costUsd: 1, costSource: "caller" };
    expect(told([row("m", 10, 5)])).toEqual([{ usage, counted: true }]);
    expect(told([row("m", 10, 5)], answered(used("other", 10, 5), { model: "other" }))).toEqual([
      { usage, counted: true },
    ]);
    expect(told([row("m", null, 5)])).toEqual([
      { usage: { model: "m", outputTokens: 5, costUsd: 1, costSource: "caller" }, counted: true },
    ]);
  });

  it("does not count where the calls of its model that were seen, or told of, come to the same", () => {
    for (const calls of [
      [answered(used("m", 4, 2)), tell.used("a", 1, used("M", 6, 3))],
      [answered(used("m-2026-01-01", 10, 5), { model: "m" })],
      [answered(used("m", 10, 5), { state: "replayed", usage: null, avoided: used("m", 10, 5) })],
      [answered(used("m", 10, 5)), tell.used("a", 1, used("m", 3, 1))],
    ]) {
      expect(told([row("m", 10, 5)], ...calls)).toMatchObject([
        { usage: { provider: "openai", inputTokens: 10, outputTokens: 5 }, counted: false },
      ]);
    }
  });

  it("counts with the rest where it tells of more, whose cost no part of the row's can be", () => {
    expect(told([row("m", 10, 5)], answered(used("m", 4, 2)))).toEqual([
      { usage: { model: "m", provider: "openai", inputTokens: 6, outputTokens: 3 }, counted: true },
    ]);
  });

  it("takes from what was told before what no earlier row has taken", () => {
    const rows = [row("m", 6, 3), row("m", 6, 3), row("m", 1, 1)];
    expect(told(rows, answered(used("m", 10, 5)))).toMatchObject([
      { counted: false },
      { usage: { inputTokens: 2, outputTokens: 1 }, counted: true },
      { usage: { inputTokens: 1, outputTokens: 1, costUsd: 1 }, counted: true },
    ]);
  });

  it("knows nothing of calls whose answer never came to the client, and of those that count elsewhere", () => {
    for (const more of [{ state: "aborted" }, { state: "crashed" }, { counted: false }]) {
      expect(told([row("m", 10, 5)], answered(used("m", 10, 5), more))).toMatchObject([{ counted: true }]);
    }
  });

  it("whose tokens are not told does not count where calls of its model were", () => {
    expect(told([row("m", null, 5)], answered(used("m", 4, 2)))).toMatchObject([{ counted: false }]);
  });
});

it("whatever calls were seen, and however rows sum them up, all is booked once", () => {
  const call = fc.record({ model: fc.constantFrom("m", "n"), input: fc.nat(50), output: fc.nat(50) });
  const way = fc.constantFrom("seen", "told", "file");
  fc.assert(
    fc.property(fc.array(fc.tuple(call, way)), fc.nat(4), (calls, files) => {
      const events = calls.flatMap(([{ model, input, output }, how]) => {
        const usage = used(model, input, output);
        return how === "seen"
          ? [answered(usage, { model })]
          : how === "told"
            ? [tell.used("a", 1, usage)]
            : [];
      });
      // Each call stands in one of the rows of its model.
      const rows = ["m", "n"].flatMap((model) =>
        Array.from({ length: files + 1 }, (_, i) => {
          const mine = calls.filter(([one], at) => one.model === model && at % (files + 1) === i);
          const sum = (of: (one: (typeof mine)[number][0]) => number) =>
            mine.reduce((all, [one]) => all + of(one), 0);
          return row(
            model,
            sum(({ input }) => input),
            sum(({ output }) => output),
          );
        }),
      );
      const booked = told(rows, ...events).filter(({ counted }) => counted);
      const before = calls.filter(([, how]) => how !== "file");
      const total = (of: "inputTokens" | "outputTokens", key: "input" | "output") =>
        booked.reduce((sum, { usage }) => sum + usage[of]!, 0) +
        before.reduce((sum, [one]) => sum + one[key], 0);
      expect(total("inputTokens", "input")).toBe(calls.reduce((sum, [{ input }]) => sum + input, 0));
      expect(total("outputTokens", "output")).toBe(calls.reduce((sum, [{ output }]) => sum + output, 0));
    }),
    cases({ ci: 200, deep: 20_000 }),
  );
});
