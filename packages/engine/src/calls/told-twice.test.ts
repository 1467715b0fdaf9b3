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

  it("takes a count that is not said for none", () => {
    const calls = new ToldTwice();
    calls.seen(usage(8, 0));
    calls.seen(usage(9));
    calls.seen(usage(undefined, 7));
    expect([calls.told(usage(8)), calls.told(usage(9, 0)), calls.told(usage(0, 7))]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("takes calls that used something else, or of which nothing is said, for others", () => {
    const calls = new ToldTwice();
    calls.seen(usage(1, 2));
    calls.seen(usage(0, 0));
    calls.seen(usage(5));
    expect([calls.told(usage(1, 3)), calls.told(usage(2, 1)), calls.told(usage())]).toEqual([
      false,
      false,
      false,
    ]);
    calls.seen(usage());
    expect([calls.told(usage()), calls.told(usage(undefined, 5))]).toEqual([false, false]);
  });
});
