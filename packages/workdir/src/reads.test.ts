import { expect, test } from "vitest";
import { observedReads, withoutTrace } from "./reads.ts";
import type { Entry, Tree } from "./tree.ts";

const folder = (mode: number, children: Readonly<Record<string, Entry>>): Tree => ({
  ...{ kind: "dir", mode },
  children: new Map(Object.entries(children)),
});

test("who looked below a folder that nobody may enter now would see something else, though what is below is the same", async () => {
  const { children } = folder(0o755, { link: { kind: "link", target: "x" } });
  const tree = (mode: number): Tree => folder(0o755, { d: { kind: "dir", mode, children } });
  const reads = observedReads([{ path: "d/link", kind: "content" }]);
  expect(await reads.differences(tree(0o755), tree(0o600))).toEqual(["d/link"]);
  expect(await reads.differences(tree(0o755), tree(0o700))).toEqual([]);
});

test("who made sure of a folder that was there has read that it was", () => {
  const made = { path: "d", kind: "made" } as const;
  const snapshot = folder(0o755, {});
  const change = { op: "mkdir" as const, path: "d", mode: 0o755 };
  expect(withoutTrace([made], { changes: [], snapshot })).toEqual([{ path: "d", kind: "exists" }]);
  expect(withoutTrace([made], { changes: [change], snapshot })).toEqual([made]);
});
