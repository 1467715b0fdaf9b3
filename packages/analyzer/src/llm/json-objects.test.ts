import { describe, expect, it } from "vitest";
import { jsonObjects } from "./json-objects.ts";

const found = (text: string): unknown[] => [...jsonObjects(text)];

describe("jsonObjects", () => {
  it("finds an object inside prose and code fences", () => {
    expect(found('Sure:\n```json\n{"a": {"b": "}{"}}\n```\nDone.')).toEqual([{ a: { b: "}{" } }]);
  });

  it("yields objects one after another, and those inside braces that are no JSON", () => {
    expect(found('{thinking {"a": 1}} {"b": 2}')).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it("forgives commas before a closing bracket, and leaves strings as they are", () => {
    expect(found('{"a": [1, 2,], "b": "x,]", "c": "\\",}",}')).toEqual([{ a: [1, 2], b: "x,]", c: '",}' }]);
  });

  it("forgives nothing else", () => {
    expect(found("{'a': 1}")).toEqual([]);
    expect(found('{"a": 1')).toEqual([]);
    expect(found("no braces")).toEqual([]);
  });

  it("gives up on a text of open braces", () => {
    expect(found("{".repeat(200_000))).toEqual([]);
  });
});
