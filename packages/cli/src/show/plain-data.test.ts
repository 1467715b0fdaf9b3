import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainData } from "./plain-data.ts";

describe("plainData", () => {
  it("turns what JSON cannot hold into what a reader expects", () => {
    const data = {
      map: new Map([["a", 1n]]),
      pairs: new Map([[1, "x"]]),
      set: new Set([new Date(0)]),
      bytes: new Uint8Array([1, 2, 3]),
      buffer: Buffer.from("hi"),
      floats: new Float64Array([1.5, Number.NaN]),
      nothing: undefined,
      broken: new Date(Number.NaN),
      pattern: /a+/g,
      error: new TypeError("no"),
      infinite: Number.POSITIVE_INFINITY,
      boxed: Object("text"),
      unwrap: () => 1,
    };
    expect(JSON.parse(JSON.stringify(plainData(data)))).toEqual({
      map: { a: "1" },
      pairs: [[1, "x"]],
      set: ["1970-01-01T00:00:00.000Z"],
      bytes: "AQID",
      buffer: "aGk=",
      floats: [1.5, null],
      nothing: null,
      broken: null,
      pattern: "/a+/g",
      error: { name: "TypeError", message: "no" },
      infinite: null,
      boxed: "text",
    });
  });

  it("ends where a value stands inside of itself, and shows one that merely comes twice", () => {
    const loop: Record<string, unknown> = {};
    loop.self = [loop];
    const shared = { x: 1 };
    expect(plainData(loop)).toEqual({ self: ["[circular]"] });
    expect(plainData([shared, shared])).toEqual([{ x: 1 }, { x: 1 }]);
  });

  it("keeps keys that are special to JavaScript", () => {
    const text = '{"__proto__":{"x":1},"constructor":2}';
    expect(JSON.stringify(plainData(JSON.parse(text)))).toBe(text);
  });

  it("leaves everything that JSON can hold as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(plainData(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it("makes anything that structured clone copies into JSON", () => {
    const anything = fc.anything({
      ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true },
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        expect(() => JSON.stringify(plainData(value))).not.toThrow();
      }),
    );
  });
});
