import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fsHookFile, parseTrackLog, trackedObservations } from "./observations.ts";

const ROOT = "/view/root";
const parse = (...records: readonly string[]): ReturnType<typeof parseTrackLog> =>
  parseTrackLog(Buffer.from(records.map((record) => `${record}\0`).join("")), ROOT);

describe("a log of the tracker", () => {
  test("each letter names a kind, and observations are sorted, each once", () => {
    expect(
      parse(
        "w/view/root/w",
        "c/view/root/b",
        "s/view/root/b",
        "e/view/root/a",
        "c/view/root/b",
        "l/view/root/d",
        "t/view/root/d",
      ),
    ).toEqual({
      observations: [
        { path: "a", kind: "exists" },
        { path: "b", kind: "content" },
        { path: "b", kind: "stat" },
        { path: "d", kind: "listing" },
        { path: "d", kind: "tree" },
        { path: "w", kind: "written" },
      ],
      incomplete: null,
    });
  });

  test("an empty log is complete", () => {
    expect(parse()).toEqual({ observations: [], incomplete: null });
  });

  test.each([
    ["the root itself", "s/view/root", [""]],
    ["the root with a slash", "s/view/root/", [""]],
    ["a crooked path", "s/view//root/./a/../b/", ["b"]],
    ["a path outside", "s/view/other", []],
    ["a path with the same beginning", "s/view/root-2/a", []],
    ["a path that leaves the root", "s/view/root/../a", []],
    ["names with spaces and line ends", "s/view/root/a b\nc", ["a b\nc"]],
    ["a name that begins like a byte order mark", "s/view/root/\uFEFFa", ["\uFEFFa"]],
  ])("%s", (_title, record, paths) => {
    const { observations, incomplete } = parse(record);
    expect(observations.map(({ path }) => path)).toEqual(paths);
    expect(incomplete).toBeNull();
  });

  test.each(["/view/root", "/view/root/", "/view/./root"])("the root may be written %s", (root) => {
    expect(parseTrackLog(Buffer.from("c/view/root/a\0"), root).observations).toEqual([
      { path: "a", kind: "content" },
    ]);
  });

  test("below the top of the file system all paths count", () => {
    expect(parseTrackLog(Buffer.from("c/a/b\0s/\0"), "/").observations).toEqual([
      { path: "", kind: "stat" },
      { path: "a/b", kind: "content" },
    ]);
  });

  test.each([
    ["a reason", Buffer.from("c/view/root/a\0uA process was started.\0"), /^A process was started\.$/],
    ["no reason", Buffer.from("u\0"), /did not say/],
    ["a torn record", Buffer.from("c/view/root/a\0c/view/ro"), /torn/],
    ["a letter that nobody knows", Buffer.from("x/view/root/a\0"), /unknown kind, "x"/],
    ["a letter that every object has", Buffer.from("c/view/root/a\0_/view/root/a\0"), /unknown kind/],
    ["a relative path", Buffer.from("ca\0"), /absolute/],
    ["nothing between two ends", Buffer.from("\0"), /absolute/],
    ["bytes that are not UTF-8", Buffer.from([0x63, 0x2f, 0xff, 0]), /UTF-8/],
  ])("with %s is not complete", (_title, log, why) => {
    const parsed = parseTrackLog(log, ROOT);
    expect(parsed.incomplete).not.toBeNull();
    expect(parsed.incomplete).toMatch(why);
  });

  test("what is known is kept where something is not", () => {
    expect(parse("c/view/root/a", "uSome reason.", "s/view/root/b").observations).toHaveLength(2);
  });
});

describe("what the hook returns", () => {
  test("has the same form as a log", () => {
    const reads = [
      ["s", "b"],
      ["c", "a"],
      ["s", "b"],
    ] as const;
    expect(trackedObservations({ reads, complete: true, why: null })).toEqual(
      parse("c/view/root/a", "s/view/root/b"),
    );
  });

  test("is not complete where the hook says so, whether or not it says why", () => {
    expect(trackedObservations({ reads: [], complete: false, why: "Some reason." }).incomplete).toBe(
      "Some reason.",
    );
    expect(trackedObservations({ reads: [], complete: false, why: null }).incomplete).not.toBeNull();
    expect(trackedObservations({ reads: [["x", "a"]], complete: true, why: null }).incomplete).not.toBeNull();
  });
});

test("the file to preload is there once the sources are compiled", () => {
  expect(existsSync(fsHookFile)).toBe(true);
});
