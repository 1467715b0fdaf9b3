import type { MemoRule, Task } from "@sheaf/core";
import { describe, expect, test } from "vitest";
import { readSettings } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";
import { taskMemo } from "./memo-rule.ts";

type Memo = boolean | MemoRule | undefined;

const memo = (
  ofTask: Memo,
  ofAgent: Memo,
  ofRun: Partial<Settings> = {},
  env: Record<string, string> = {},
) => {
  const { settings } = readSettings(ofRun, env);
  const said = (value: Memo) => (value === undefined ? {} : { memo: value });
  return taskMemo({ id: "a", ...said(ofTask) } as Task, said(ofAgent), settings);
};

const FOR_EVER = { scope: "directory", ttlMs: Number.POSITIVE_INFINITY };

describe("whether a task is remembered is as the nearest says", () => {
  test.each<[Memo, Memo, Memo, boolean]>([
    [undefined, undefined, undefined, false],
    [undefined, undefined, true, true],
    [undefined, undefined, { scope: "run" }, true],
    [undefined, false, true, false],
    [undefined, true, false, true],
    [false, true, true, false],
    [true, false, false, true],
    [{}, false, false, true],
  ])("task %j, agent %j, run %j", (ofTask, ofAgent, ofRun, expected) => {
    expect(memo(ofTask, ofAgent, ofRun === undefined ? {} : { memo: ofRun }) !== null).toBe(expected);
  });
});

describe("where and how long", () => {
  test("in the directory and for ever, where nobody says", () => {
    expect(memo(true, undefined)).toEqual(FOR_EVER);
  });

  test("are each as the nearest says that says it", () => {
    const run: Partial<Settings> = { memo: { scope: "shared", ttlMs: 1 }, memoTtlMs: 9 };
    expect(memo(undefined, undefined, run)).toEqual({ scope: "shared", ttlMs: 1 });
    expect(memo(true, { ttlMs: 2 }, run)).toEqual({ scope: "shared", ttlMs: 2 });
    expect(memo({ scope: "run" }, { ttlMs: 2 }, run)).toEqual({ scope: "run", ttlMs: 2 });
    expect(memo({ ttlMs: 0 }, { ttlMs: 2 }, run)?.ttlMs).toBe(Number.POSITIVE_INFINITY);
    expect(memo(true, undefined, { memoTtlMs: 9 })?.ttlMs).toBe(9);
  });

  test("a store that is named is the shared one, for all that name no scope", () => {
    expect(memo(true, undefined, { memoStore: "/store" })?.scope).toBe("shared");
    expect(memo({ scope: "directory" }, undefined, { memoStore: "/store" })?.scope).toBe("directory");
  });

  test("can stand in the environment", () => {
    expect(memo(undefined, undefined, {}, { SHEAF_MEMO: " Shared ", SHEAF_MEMO_TTL: "60" })).toEqual({
      ...{ scope: "shared", ttlMs: 60_000 },
    });
    expect(memo(undefined, undefined, {}, { SHEAF_MEMO: "yes" })).toEqual(FOR_EVER);
    expect(() => memo(undefined, undefined, {}, { SHEAF_MEMO: "team" })).toThrow("SHEAF_MEMO");
  });
});
