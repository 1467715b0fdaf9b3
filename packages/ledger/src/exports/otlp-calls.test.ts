import { describe, expect, it } from "vitest";
import { tell } from "./events-rig.ts";
import type { OtlpAttribute } from "./otlp-json.ts";
import { factsOf, metricsOf, priced, spansOf, values } from "./otlp-rig.ts";

describe("calls that were seen on their way", () => {
  const dated = "gpt-4o-mini-2024-07-18";
  const run = factsOf(
    tell.started("a"),
    tell.answered("a", 1, priced, { model: "gpt-4o-mini" }),
    tell.answered("a", 1, null, { model: "gpt-4o-mini", state: "http-error", status: 429 }),
    tell.answered("a", 1, null, { model: "gpt-4o-mini", state: "unreachable", status: null }),
    tell.answered("a", 1, priced, { model: null }),
    tell.answered("a", 1, { model: "gpt-4o-mini" }, { model: "gpt-4o-mini", state: "crashed", status: null }),
  );
  const named = (attributes: readonly OtlpAttribute[]) => {
    const { "gen_ai.request.model": asked, "gen_ai.response.model": answered } = values(attributes);
    return [asked, answered];
  };
  const points = (name: string) => {
    const { sum, histogram } = metricsOf(run).find((metric) => metric.name === name)!;
    return (sum ?? histogram)!.dataPoints;
  };

  it("say which model was asked for, and which one answered", () => {
    const calls = spansOf(run).slice(2);
    expect(calls.map(({ attributes }) => named(attributes))).toEqual([
      ["gpt-4o-mini", dated],
      ["gpt-4o-mini", undefined],
      ["gpt-4o-mini", undefined],
      [undefined, dated],
      ["gpt-4o-mini", undefined],
    ]);
    const asked = "chat gpt-4o-mini";
    expect(calls.map(({ name }) => name)).toEqual([asked, asked, asked, "chat", asked]);
    const both = expect.arrayContaining([["gpt-4o-mini", dated]]);
    for (const name of ["gen_ai.client.token.usage", "gen_ai.client.operation.duration", "sheaf.cost"]) {
      expect(points(name).map(({ attributes }) => named(attributes))).toEqual(both);
    }
  });

  it("have the error of their span in the metric of their duration", () => {
    const errors = (of: readonly { readonly attributes: readonly OtlpAttribute[] }[]) =>
      of.map(({ attributes }) => values(attributes)["error.type"]);
    expect(errors(spansOf(run).slice(2))).toEqual([undefined, "429", "unreachable", undefined, "crashed"]);
    const [, ...others] = points("gen_ai.client.operation.duration"); // nobody knows how long the last one took
    expect(errors(others)).toEqual(["429", "unreachable", undefined]);
  });
});
