import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Observation } from "@sheaf/core";
import { readTree, type TempDir, tempDir, writeFiles } from "@sheaf/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Effects } from "./effects.ts";
import { openWorkdir } from "./open-workdir.ts";
import { isPolicyMap, type PolicyMap, policiesOf } from "./policies.ts";
import type { StageRequest, Workdir } from "./workdir.ts";

let place: TempDir;
let workdir: Workdir;
beforeEach(() => {
  place = tempDir();
});
afterEach(async () => {
  await workdir?.close({ keep: false });
  place[Symbol.dispose]();
});

const at = (path: string): string => join(place.path, "shared", path);
const text = (path: string): string => readFileSync(at(path), "utf8");
const left = (): readonly string[] => readTree(at("")).filter((line) => !line.startsWith(".sheaf"));

async function open(files: Parameters<typeof writeFiles>[1], policies: PolicyMap): Promise<void> {
  mkdirSync(at(""), { recursive: true });
  writeFiles(at(""), files);
  workdir = await openWorkdir({
    ...{ dir: at(""), runDir: at(".sheaf/runs/r1"), runId: "r1", policies },
    ...{ frozen: [], declaredWrites: [], shown: "everything", rung: "copy" },
  });
}

interface Step extends Pick<StageRequest, "shown"> {
  readonly reads?: readonly string[];
  readonly observations?: readonly Observation[];
  readonly act: (view: string) => void;
}

/** Makes attempts that all start on what is committed now, and returns what each did. */
async function attempts(steps: Readonly<Record<string, Step>>): Promise<readonly Effects[]> {
  const views = [];
  for (const [taskId, { shown, reads }] of Object.entries(steps)) {
    const request = { taskId, folder: taskId, attempt: 1, shown, ...(reads === undefined ? {} : { reads }) };
    views.push(
      await workdir.stage({
        ...{ ...request, writes: null, below: [] },
        ...{ mayLink: false, enters: false, fresh: false },
      }),
    );
  }
  const effects = [];
  for (const [i, { act, observations }] of Object.values(steps).entries()) {
    act(views[i]!.path);
    const observed = observations === undefined ? null : { observations, incomplete: null };
    effects.push(await workdir.seal(views[i]!, { succeeded: true, quiet: true, observed }));
  }
  return effects;
}

/** Validates and commits in turn. Returns what a task conflicts with, or "committed". */
async function settle(list: readonly Effects[]): Promise<readonly (string | readonly string[])[]> {
  const outcomes = [];
  for (const each of list) {
    const { conflicts, forbidden, effects } = await workdir.validate(each);
    const problems = [...conflicts, ...forbidden].map(({ path }) => path);
    if (problems.length === 0) await workdir.commit(effects);
    outcomes.push(problems.length === 0 ? "committed" : problems);
  }
  return outcomes;
}

const adds = (path: string, bytes: string, more: Partial<Step> = {}): Step => ({
  ...{ shown: [path], reads: [] },
  act: (view) => appendFileSync(join(view, path), bytes),
  ...more,
});
const writes = (path: string, bytes: string, more: Partial<Step> = {}): Step => ({
  ...{ shown: [path], reads: [] },
  act: (view) => writeFileSync(join(view, path), bytes),
  ...more,
});
const looks = (path: string, kind: Observation["kind"]): Observation => ({ path, kind });

describe("policies of paths", () => {
  test("the first glob that matches counts; a glob covers what lies below", () => {
    const { of } = policiesOf({
      "logs/keep.log": "rerun",
      "logs/**": "append",
      "*.md": "merge:text",
      tmp: "temp",
    });
    const paths = ["logs/keep.log", "logs/a/b", "x.md", "a/x.md", "tmp/a/b", "other"];
    expect(paths.map(of)).toEqual(["rerun", "append", "merge:text", "rerun", "temp", "rerun"]);
  });

  test.each([
    [{ a: "append", "**/*.log": "temp" }, true],
    [{}, true],
    [{ a: "apend" }, false],
    [{ "../a": "temp" }, false],
    [{ "/a": "temp" }, false],
    [["append"], false],
    ["append", false],
    [null, false],
  ])("%j is a map of policies: %s", (value, expected) => expect(isPolicyMap(value)).toBe(expected));
});

describe("append", () => {
  const policies = { log: "append" } as const;

  test("what two tasks add is there in serial order, and neither conflicts", async () => {
    await open({ log: "0\n" }, policies);
    expect(await settle(await attempts({ a: adds("log", "a\n"), b: adds("log", "b\n") }))).toEqual([
      ...["committed", "committed"],
    ]);
    expect(text("log")).toBe("0\na\nb\n");
  });

  test("without the policy the second conflicts", async () => {
    await open({ log: "0\n" }, {});
    expect(await settle(await attempts({ a: adds("log", "a"), b: adds("log", "b") }))).toEqual([
      "committed",
      ["log"],
    ]);
  });

  test("a file that nobody has made yet is made by the first", async () => {
    await open({}, policies);
    const act = (view: string) => appendFileSync(join(view, "log"), "x", { mode: 0o600 });
    expect(await settle(await attempts({ a: adds("log", "a"), b: adds("log", "b", { act }) }))).toEqual([
      "committed",
      "committed",
    ]);
    expect(text("log")).toBe("ax");
    expect(left()[0]).toContain("log");
  });

  test("an empty file is made where nothing was added", async () => {
    await open({}, policies);
    await settle(await attempts({ a: adds("log", "") }));
    expect(text("log")).toBe("");
  });

  test.each([
    ["is declared", { reads: ["log"] }],
    ["was observed", { observations: [looks("log", "content"), looks("log", "appended")] }],
    ["was observed of its size", { observations: [looks("log", "stat"), looks("log", "appended")] }],
  ])("a read of the file that %s still counts", async (_title, more) => {
    await open({ log: "0" }, policies);
    expect(await settle(await attempts({ a: adds("log", "a"), b: adds("log", "b", more) }))).toEqual([
      "committed",
      ["log"],
    ]);
  });

  test("who was only seen to add has not read, though it was shown everything", async () => {
    await open({ log: "0", other: "1" }, policies);
    const watched = { shown: "everything", observations: [looks("log", "appended")] } as const;
    expect(await settle(await attempts({ a: adds("log", "a"), b: adds("log", "b", watched) }))).toEqual([
      "committed",
      "committed",
    ]);
    expect(text("log")).toBe("0ab");
  });

  test.each([
    ["shortens it", (view: string) => writeFileSync(join(view, "log"), "0")],
    ["writes other bytes first", (view: string) => writeFileSync(join(view, "log"), "10\nb")],
    ["removes it", (view: string) => rmSync(join(view, "log"))],
    ["changes its mode", (view: string) => chmodSync(join(view, "log"), 0o600)],
    [
      "changes its mode and adds",
      (view: string) => {
        appendFileSync(join(view, "log"), "b");
        chmodSync(join(view, "log"), 0o600);
      },
    ],
  ])("a task that %s conflicts as usual", async (_title, act) => {
    await open({ log: "00" }, policies);
    expect(await settle(await attempts({ a: adds("log", "a"), b: adds("log", "", { act }) }))).toEqual([
      "committed",
      ["log"],
    ]);
  });

  test("who was seen to write the file anew has not added to it, even where the bytes look so", async () => {
    await open({}, policies);
    const observations = [looks("log", "written"), looks("log", "appended")];
    const seen = { observations, shown: "everything" } as const;
    expect(await settle(await attempts({ a: adds("log", "a"), b: writes("log", "b", seen) }))).toEqual([
      "committed",
      ["log"],
    ]);
    expect(text("log")).toBe("a");
  });

  test("who opened the file to add and added nothing counts as its reader", async () => {
    await open({ log: "0" }, policies);
    const seen = { observations: [looks("log", "appended")], shown: "everything" } as const;
    expect(await settle(await attempts({ a: adds("log", "a"), b: adds("log", "", seen) }))).toEqual([
      "committed",
      ["log"],
    ]);
  });

  test("a folder or a link in the place of the file is a conflict", async () => {
    await open({ log: "0" }, policies);
    const act = (view: string) => {
      rmSync(join(view, "log"));
      mkdirSync(join(view, "log"));
    };
    expect(await settle(await attempts({ a: { ...adds("log", ""), act }, b: adds("log", "b") }))).toEqual([
      "committed",
      ["log"],
    ]);
  });

  test("what was added is kept as that, and reused on another state of the file", async () => {
    await open({ log: "0\n" }, policies);
    const [a, b] = await attempts({ a: adds("log", "a\n"), b: adds("log", "b\n") });
    const kept = JSON.parse(JSON.stringify(await workdir.keep(b!)));
    await settle([a!]);
    const again = await workdir.reuse(kept, { taskId: "b", below: [] });
    expect(await settle([again!])).toEqual(["committed"]);
    expect(text("log")).toBe("0\na\nb\n");
  });

  test("a task that starts on what is not committed yet sees what was added", async () => {
    await open({ log: "0\n" }, policies);
    const [a, b] = await attempts({ a: adds("log", "a\n"), b: adds("log", "b\n") });
    const common = {
      attempt: 1,
      shown: "everything",
      writes: null,
      mayLink: false,
      enters: false,
      fresh: false,
    } as const;
    const view = await workdir.stage({ ...common, taskId: "c", folder: "c", below: [a!, b!] });
    expect(readFileSync(join(view.path, "log"), "utf8")).toBe("0\na\nb\n");
    const reader = await workdir.seal(view, { succeeded: true, quiet: true, observed: null });
    expect(await settle([a!, b!, reader])).toEqual(["committed", "committed", "committed"]);
  });

  test("a file of several pieces is compared to its end", async () => {
    const long = "x".repeat(600_000);
    await open({ log: long }, policies);
    const act = (view: string) => writeFileSync(join(view, "log"), `${long.slice(0, -1)}yb`);
    expect(await settle(await attempts({ a: adds("log", "a"), b: adds("log", "b") }))).toEqual([
      "committed",
      "committed",
    ]);
    expect(text("log")).toBe(`${long}ab`);
    await workdir.rewind(0);
    expect(text("log")).toBe(long);
    const [a, b] = await attempts({ a2: adds("log", "a"), b2: adds("log", "", { act }) });
    expect(await settle([a!, b!])).toEqual(["committed", ["log"]]);
  });
});

test("what lies at temp paths is a task's own, and folders only made for it too", async () => {
  await open({ "tmp/base": "0", "keep/": "" }, { "tmp/**": "temp", "out/tmp/**": "temp" });
  const act = (view: string) => {
    expect(readFileSync(join(view, "tmp/base"), "utf8")).toBe("0");
    writeFileSync(join(view, "tmp/base"), "1");
    writeFileSync(join(view, "tmp/new"), "1");
    mkdirSync(join(view, "out/tmp/deep"), { recursive: true });
    writeFileSync(join(view, "out/tmp/deep/file"), "1");
    writeFileSync(join(view, "result"), "1");
  };
  const everything = { shown: "everything", act } as const;
  const before = left();
  const list = await attempts({ a: everything, b: { ...everything, act: (view) => act(view) } });
  expect(list[0]!.changes.map(({ path }) => path)).toEqual(["result"]);
  await settle([list[0]!]);
  expect(left().filter((line) => !line.startsWith("result"))).toEqual(before);
});

test("a folder on the way to temp paths is committed where something else lies in it", async () => {
  await open({}, { "out/tmp/**": "temp" });
  const act = (view: string) => {
    mkdirSync(join(view, "out/tmp"), { recursive: true });
    chmodSync(join(view, "out"), 0o700);
    writeFileSync(join(view, "out/tmp/a"), "1");
    writeFileSync(join(view, "out/b"), "1");
  };
  await settle(await attempts({ a: { shown: "everything", act } }));
  expect(left().map((line) => line.split(" ")[0])).toEqual(["out/", "out/b"]);
  expect(statSync(at("out")).mode & 0o777).toBe(0o700);
});

describe("same-content", () => {
  const policies = { gen: "same-content" } as const;

  test("who wrote what is committed by now, and did not read it, does not conflict", async () => {
    await open({ gen: "old" }, policies);
    expect(await settle(await attempts({ a: writes("gen", "new"), b: writes("gen", "new") }))).toEqual([
      "committed",
      "committed",
    ]);
  });

  test.each([
    ["wrote other bytes", writes("gen", "newer")],
    [
      "wrote with another mode",
      writes("gen", "new", {
        act: (view) => {
          writeFileSync(join(view, "gen"), "new");
          chmodSync(join(view, "gen"), 0o755);
        },
      }),
    ],
    ["declares to read it", writes("gen", "new", { reads: ["gen"] })],
    [
      "was seen to read it",
      writes("gen", "new", { observations: [looks("gen", "content"), looks("gen", "written")] }),
    ],
    [
      "was seen to look for it",
      writes("gen", "new", { observations: [looks("gen", "exists"), looks("gen", "content")] }),
    ],
    ["did not write it", { shown: ["gen"], reads: [], act: () => {} }],
  ])("who %s conflicts", async (_title, later) => {
    await open({ gen: "old" }, policies);
    expect(await settle(await attempts({ a: writes("gen", "new"), b: later }))).toEqual([
      "committed",
      ["gen"],
    ]);
  });
});

describe("other policies", () => {
  const both = (first: string, second: string): Record<string, Step> => ({
    a: writes("f", first, { reads: ["f"] }),
    b: writes("f", second, { reads: ["f"] }),
  });
  const START = "1\n2\n3\n4\n5\n6\n";

  test("merge:text takes the lines of both", async () => {
    await open({ f: START }, { f: "merge:text" });
    const list = await attempts(both(START.replace("1", "one"), START.replace("6", "six")));
    await settle([list[0]!]);
    const { merges, conflicts, effects } = await workdir.validate(list[1]!);
    expect(conflicts).toEqual([]);
    expect(merges).toEqual([{ path: "f", with: "a", policy: "merge:text" }]);
    await workdir.commit(effects);
    expect(text("f")).toBe("one\n2\n3\n4\n5\nsix\n");
  });

  test.each([
    ["the same line", START.replace("3", "x"), START.replace("3", "y")],
    ["no text", START.replace("1", "x"), START.replace("6", "\0")],
  ])("merge:text of %s is a conflict", async (_title, first, second) => {
    await open({ f: START }, { f: "merge:text" });
    expect(await settle(await attempts(both(first, second)))).toEqual(["committed", ["f"]]);
  });

  test("bytes that are no UTF-8 are merged as they are", async () => {
    await open({ f: START }, { f: "merge:text" });
    const latin = Buffer.from("6\xe9\n", "latin1");
    const act = (view: string) =>
      writeFileSync(join(view, "f"), Buffer.concat([Buffer.from("1\n2\n3\n4\n5\n"), latin]));
    await settle(await attempts({ a: writes("f", START.replace("1", "x")), b: writes("f", "", { act }) }));
    expect(readFileSync(at("f"))).toEqual(Buffer.concat([Buffer.from("x\n2\n3\n4\n5\n"), latin]));
  });

  test("take:earlier leaves what is committed and commits the rest", async () => {
    await open({ f: "0" }, { f: "take:earlier" });
    const act = (view: string) => {
      writeFileSync(join(view, "f"), "b");
      writeFileSync(join(view, "g"), "b");
    };
    const list = await attempts({ a: writes("f", "a"), b: writes("f", "", { act }) });
    expect(await settle(list)).toEqual(["committed", "committed"]);
    expect([text("f"), text("g")]).toEqual(["a", "b"]);
  });

  test("take:later commits what the task left, a removal too", async () => {
    await open({ f: "0" }, { f: "take:later" });
    expect(await settle(await attempts(both("a", "b")))).toEqual(["committed", "committed"]);
    expect(text("f")).toBe("b");
    const gone = (view: string) => rmSync(join(view, "f"));
    expect(await settle(await attempts({ c: writes("f", "c"), d: writes("f", "", { act: gone }) }))).toEqual([
      "committed",
      "committed",
    ]);
    expect(left()).toEqual([]);
  });

  test("fail names the path and who changed it", async () => {
    await open({ f: "0" }, { f: "fail" });
    const list = await attempts(both("a", "b"));
    await settle([list[0]!]);
    expect((await workdir.validate(list[1]!)).forbidden).toEqual([{ path: "f", with: "a" }]);
  });

  test.each(["merge:text", "take:earlier", "take:later", "fail"] as const)(
    "under %s a task that only read the file conflicts, and one that conflicts elsewhere too",
    async (policy) => {
      await open({ f: START, g: "0" }, { f: policy });
      const first = writes("f", START.replace("1", "x"), {
        act: (view) => {
          writeFileSync(join(view, "f"), START.replace("1", "x"));
          writeFileSync(join(view, "g"), "1");
        },
      });
      const reader: Step = { shown: ["f"], act: () => {} };
      const other = writes("f", START.replace("6", "y"), { shown: ["f", "g"], reads: ["f", "g"] });
      const list = await attempts({ a: first, reader, other });
      const outcomes = await settle(list);
      expect(outcomes[1]).toEqual(["f"]);
      expect(outcomes[2]).toContain("g");
    },
  );

  test("a policy that has nothing to settle changes nothing", async () => {
    await open({ f: "0" }, { "**": "take:earlier" });
    const list = await attempts({ a: writes("f", "a") });
    const { merges, effects } = await workdir.validate(list[0]!);
    expect(merges).toEqual([]);
    expect(effects).toBe(list[0]);
  });
});
