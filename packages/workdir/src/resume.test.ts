// Commits that are taken back, effects that are used again, and openings of one run after another.
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Observation } from "@sheaf/core";
import { cases, readTree, type TempDir, tempDir } from "@sheaf/testkit";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Effects } from "./effects.ts";
import { openWorkdir } from "./open-workdir.ts";
import type { Workdir } from "./workdir.ts";

let place: TempDir;
let workdir: Workdir;

const at = (path: string): string => join(place.path, "shared", path);

const open = (): Promise<Workdir> =>
  openWorkdir({
    ...{ dir: at(""), runDir: at(".sheaf/runs/r1"), runId: "r1", frozen: [], declaredWrites: [] },
    ...{ shown: "everything", rung: "copy" },
  });

beforeEach(async () => {
  place = tempDir();
  mkdirSync(at("sub"), { recursive: true });
  writeFileSync(at("a"), "base a");
  writeFileSync(at("sub/b"), "base b");
  workdir = await open();
});
afterEach(async () => {
  await workdir.close({ keep: false });
  place[Symbol.dispose]();
});

let attempts = 0;

async function attempt(
  taskId: string,
  act: (view: string) => void,
  observations: readonly Observation[] | null = null,
): Promise<Effects> {
  attempts += 1;
  const view = await workdir.stage({
    ...{ taskId, folder: taskId, attempt: attempts, shown: "everything", writes: null },
    ...{ below: [], mayLink: true, enters: true, fresh: false },
  });
  act(view.path);
  const observed = observations === null ? null : { observations, incomplete: null };
  return workdir.seal(view, { succeeded: true, quiet: true, observed });
}

async function commit(taskId: string, act: (view: string) => void): Promise<void> {
  expect(await workdir.commit(await attempt(taskId, act))).toMatchObject({ status: "committed" });
}

const write = (path: string, text: string) => (view: string) => {
  mkdirSync(join(view, path, ".."), { recursive: true });
  writeFileSync(join(view, path), text);
};

const remove = (path: string) => (view: string) => rmSync(join(view, path), { recursive: true, force: true });

async function reopen(): Promise<void> {
  await workdir.close({ keep: true });
  workdir = await open();
}

describe("rewinding", () => {
  test("takes the last commits back, in another opening of the run too", async () => {
    const states = [readTree(at(""))];
    for (const [task, act] of [
      ["one", write("a", "1")],
      ["two", write("new/deep/c", "2")],
      ["three", remove("sub")],
      ["four", write("sub", "a file now")],
      ["five", write("a", "5")],
    ] as const) {
      await commit(task, act);
      states.push(readTree(at("")));
    }
    expect(workdir.committed()).toEqual(["one", "two", "three", "four", "five"]);
    await workdir.rewind(4);
    expect(readTree(at(""))).toEqual(states[4]);
    await reopen();
    await workdir.rewind(1);
    expect(readTree(at(""))).toEqual(states[1]);
    expect(workdir.committed()).toEqual(["one"]);
    await commit("other", write("a", "other"));
    await reopen();
    await workdir.rewind(0);
    expect(readTree(at(""))).toEqual(states[0]);
  });

  const step = fc.record({
    path: fc.constantFrom("a", "sub", "sub/b", "sub/c", "x/y", "x"),
    act: fc.constantFrom("write", "remove"),
    text: fc.constantFrom("1", "2"),
  });

  test("leads to what the directory was after that commit, whatever was committed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.nat(), async (steps, seed) => {
        await workdir.rewind(0);
        const states = [readTree(at(""))];
        for (const [i, { path, act, text }] of steps.entries()) {
          const before = workdir.committed().length;
          await commit(`t${i}`, (view) => {
            const parts = path.split("/");
            for (let end = 1; end < parts.length; end++) {
              const folder = join(view, ...parts.slice(0, end));
              if (readableFile(folder)) rmSync(folder);
            }
            remove(path)(view);
            if (act === "write") write(path, text)(view);
          });
          if (workdir.committed().length > before) states.push(readTree(at("")));
        }
        const keep = seed % states.length;
        await workdir.rewind(keep);
        expect(readTree(at(""))).toEqual(states[keep]);
      }),
      cases({ ci: 40, deep: 1_000 }),
    );
  });
});

const readableFile = (path: string): boolean => {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
};

describe("using effects again", () => {
  const readsA: readonly Observation[] = [{ path: "a", kind: "content" }];

  async function kept(observations: readonly Observation[] | null): Promise<string> {
    const effects = await attempt("task", write("out", "made"), observations);
    return JSON.stringify(await workdir.keep(effects));
  }

  const again = async (text: string): Promise<Effects | null> =>
    workdir.reuse(JSON.parse(text), { taskId: "task", below: [] });

  test("is possible in another opening, where it would read the same", async () => {
    const text = await kept(readsA);
    await reopen();
    const effects = await again(text);
    expect((await workdir.validate(effects!)).conflicts).toEqual([]);
    await workdir.commit(effects!);
    expect(readFileSync(at("out"), "utf8")).toBe("made");
  });

  test("is refused where what it read has changed, and not where something else has", async () => {
    const text = await kept(readsA);
    await commit("unrelated", write("sub/b", "changed"));
    expect(await again(text)).not.toBeNull();
    await commit("related", write("a", "changed"));
    expect(await again(text)).toBeNull();
  });

  test.each([
    ["were edited in place, by way of the published file", (path: string) => appendFileSync(path, "user")],
    ["are gone", (path: string) => rmSync(path)],
  ])("is refused where bytes that it wrote %s", async (_what, damage) => {
    const text = await kept(readsA);
    expect((await workdir.commit((await again(text))!)).status).toBe("committed");
    await workdir.rewind(0);
    damage(JSON.parse(text).changes[0].entry.path);
    expect(await again(text)).toBeNull();
  });

  test("where all that was shown counts as read, any change refuses it", async () => {
    const text = await kept(null);
    expect(await again(text)).not.toBeNull();
    await commit("unrelated", write("sub/new", ""));
    expect(await again(text)).toBeNull();
  });

  test("sees what finished tasks before it will commit", async () => {
    const text = await kept(readsA);
    const below = [await attempt("earlier", write("a", "coming"))];
    expect(await workdir.reuse(JSON.parse(text), { taskId: "task", below })).toBeNull();
  });

  test("once restored it is validated like any other", async () => {
    const text = await kept(readsA);
    const effects = await again(text);
    await commit("related", write("a", "changed"));
    expect((await workdir.validate(effects!)).conflicts).toEqual([{ path: "a", with: "related" }]);
  });
});
