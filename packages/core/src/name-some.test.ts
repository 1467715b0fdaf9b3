import { expect, test } from "vitest";
import { nameSome } from "./name-some.ts";

test.each([
  [[], 5, ""],
  [["a"], 5, "a"],
  [["a", "b", "c", "d", "e"], 5, "a, b, c, d, e"],
  [["a", "b", "c", "d", "e", "f", "g"], 5, "a, b, c, d, e and 2 more"],
  [["a", "b"], 1, "a and 1 more"],
])("of %j at most %i are named", (names, most, text) => expect(nameSome(names, most)).toBe(text));
