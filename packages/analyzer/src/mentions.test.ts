import { describe, expect, it } from "vitest";
import { findMentions } from "./mentions.ts";

const LIST = ["fetch", "clean-up", "test", "data", "fit_2", "constructor", "v1.2", "10"];
const PLACES = new Map(LIST.map((id, place) => [id, place]));

const named = (text: string): string[] => findMentions(text, PLACES).map(({ place }) => LIST[place] ?? "?");
const words = (text: string): string[] => findMentions(text, PLACES).map((mention) => mention.words);

describe("findMentions", () => {
  it.each([
    ["use the table of step 3", ["test"]],
    ["Task 1 gave a file; plot it", ["fetch"]],
    ["merge steps 2 and 4", ["clean-up", "data"]],
    ["merge steps 1-3", ["fetch", "clean-up", "test"]],
    ["merge steps 1 to 2, 4 and 5", ["fetch", "clean-up", "data", "fit_2"]],
    ["merge tasks #1 & #4", ["fetch", "data"]],
    ["see step 2, 5 workers are enough", ["clean-up"]],
    ["see step 2.5", []],
    ["see footstep 2", []],
  ])("understands numbers: %s", (text, expected) => {
    expect(named(text)).toEqual(expected);
  });

  it("takes a number for an id first where a task is called so", () => {
    expect(named("see task 10")).toEqual(["10"]);
  });

  it("does not take a task's own label for a mention", () => {
    expect(named("Step 2: clean the table")).toEqual([]);
    expect(named("Step 2: clean the table of step 1")).toEqual(["fetch"]);
  });

  it("leaves numbers beyond the list out", () => {
    expect(named("steps 1-999999")).toHaveLength(LIST.length);
    expect(named("step 0")).toEqual([]);
  });

  it.each([
    ["run the test on the data", []],
    ["plot the output of fetch", ["fetch"]],
    ["plot the results from task data.", ["data"]],
    ["start after task test", ["test"]],
    ["start after test", []],
    ["needs `fetch`", ["fetch"]],
    ["needs 'data', and no more", ["data"]],
    ['needs "test."', ["test"]],
    ["needs “fetch”", ["fetch"]],
    ["it's data's own", []],
    ["the output of constructor", ["constructor"]],
    ["the output of toString", []],
  ])("counts a plain word only where it must be an id: %s", (text, expected) => {
    expect(named(text)).toEqual(expected);
  });

  it.each([
    ["start when clean-up is done", ["clean-up"]],
    ["compare with fit_2.", ["fit_2"]],
    ["built from v1.2", ["v1.2"]],
    ["use 10 workers", []],
    ["see clean-up.md", []],
    ["no-clean-up", []],
  ])("counts a bare id that is no common word: %s", (text, expected) => {
    expect(named(text)).toEqual(expected);
  });

  it("quotes the words it rests on", () => {
    expect(words("plot the output of task `fetch` now")).toEqual(["output of task `fetch`"]);
    expect(words("merge steps 2 and 4")).toEqual(["steps 2 and 4", "steps 2 and 4"]);
    expect(words("uses fit_2")).toEqual(["fit_2"]);
  });
});
