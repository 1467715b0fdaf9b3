import type { TaskId } from "@sheaf/core";
import { expect, test } from "vitest";
import { outsideText } from "./outside-text.ts";

const ids = (...names: string[]): readonly TaskId[] => names as unknown as readonly TaskId[];

test.each([
  [{ paths: ["notes.md"] }, "notes.md"],
  [{ paths: ["1", "2", "3", "4", "5", "6", "7"] }, "1, 2, 3, 4, 5 and 2 more"],
  [{ paths: ["a", "b"], readers: ids("fit") }, "a, b; fit had read something else"],
  [{ paths: [], readers: ids("fit", "plot") }, "fit, plot had read something else"],
])("%o", (event, text) => expect(outsideText(event)).toBe(text));
