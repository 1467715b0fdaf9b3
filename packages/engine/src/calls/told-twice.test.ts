import { describe, expect, it } from "vitest";
import { ToldTwice } from "./told-twice.ts";

const usage = (inputTokens?: number, outputTokens?: number) => ({
  model: "m",
  ...(inputTokens === undefined ? {} : { inputTokens }),
  ...(outputTokens === undefined ? {} : { outputTokens }),
});

describe("ToldTwice", () => {
  it("finds a call that is told on both ways, whoever is first, each once", () => {
    const calls = new ToldTwice();
    expect([calls.seen(usage(1, 2)), calls.told(usage(1, 2)), calls.told(usage(1, 2))]).toEqual([
      false,
      true,
      false,
    ]);
    expect([calls.seen(usage(1, 2)), calls.seen(usage(1, 2))]).toEqual([true, false]);
  });

  it("takes calls that used something else, or of which not all is said, for others", () => {
    const calls = new ToldTwice();
    calls.seen(usage(1, 2));
    calls.seen(usage(5));
    expect([calls.told(usage(1, 3)), calls.told(usage(2, 1)), calls.told(usage(5))]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
