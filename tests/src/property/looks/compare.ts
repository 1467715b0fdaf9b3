// Runs a program watched where an earlier task has not been, and unwatched where it has.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { inspect, isDeepStrictEqual } from "node:util";
import type { Observed } from "@sheaf/core";
import { memoryDir, readTree, writeFiles } from "@sheaf/testkit";
import {
  fsHookFile,
  openWorkdir,
  type TrackedReads,
  trackedObservations,
  type View,
  type Workdir,
} from "@sheaf/workdir";
import type { LookCase } from "./calls.ts";
import { perform } from "./perform.ts";

interface FsHook {
  start(root: string): void;
  stop(): TrackedReads;
}

createRequire(import.meta.url)(fsHookFile);
const hook = (globalThis as unknown as { readonly [key: symbol]: FsHook })[Symbol.for("sheaf.fs-hook")]!;

/** What was left is not what running in order leaves. */
class WrongResult extends Error {
  override readonly name = "WrongResult";
}

/** How a case came out. */
export interface LookOutcome {
  /** What the program had read was found to be different. */
  readonly conflicts: number;
  /** The earlier task had changed something, and the program was found to have read none of it. */
  readonly untouched: number;
  /** Calls that failed. */
  readonly errors: number;
  /** What the program looked at was not wholly known. */
  readonly incomplete: number;
}

let staged = 0;
const stage = (workdir: Workdir): Promise<View> => {
  staged += 1;
  return workdir.stage({
    ...{ taskId: `t${staged}`, folder: `t${staged}`, attempt: 1, shown: "everything", writes: null },
    ...{ below: [], mayLink: false, enters: false, fresh: false },
  });
};

/** The start of a path that leads into a view. */
const INTO_VIEW = /\/\S*\/tasks\/t\d+\/view/g;

// A folder that its owner may not change is shown as one that may, and a copied link names the view that it lies in.
const comparable = (dir: string): readonly string[] =>
  readTree(dir).map((line) =>
    line
      .replace(/(?<=\/ folder )\d+$/, (mode) => (Number.parseInt(mode, 8) | 0o700).toString(8))
      .replace(INTO_VIEW, ""),
  );

interface Both {
  readonly got: unknown;
  readonly expected: unknown;
  readonly observed: Observed;
}

function requireSame(what: string, { got, expected, observed }: Both): void {
  if (isDeepStrictEqual(got, expected)) return;
  const seen = observed.observations.map(({ kind, path }) => `${kind} ${path}`);
  throw new WrongResult(
    `${what}: got ${inspect(got)}, in order ${inspect(expected)}; seen was ${inspect(seen)}`,
  );
}

async function compareIn(dir: string, { files, earlier, calls }: LookCase): Promise<LookOutcome> {
  mkdirSync(dir);
  writeFiles(dir, files);
  const workdir = await openWorkdir({
    ...{ dir, runDir: join(dir, ".sheaf/runs/r1"), runId: "r1" },
    ...{ frozen: [], declaredWrites: [], shown: "everything", rung: "copy" },
  });
  try {
    const [first, second] = [await stage(workdir), await stage(workdir)];
    hook.start(second.path);
    const outcomes = await perform(second.path, calls);
    const observed = trackedObservations(hook.stop());
    const effects = await workdir.seal(second, { succeeded: true, quiet: true, observed });

    const before = readTree(dir);
    await perform(first.path, earlier);
    await workdir.commit(await workdir.seal(first, { succeeded: true, quiet: true, observed: null }));
    const changed = !isDeepStrictEqual(readTree(dir), before);

    const { conflicts } = await workdir.validate(effects);
    const errors = outcomes.filter((each) => each.includes("error ")).length;
    const counts = { errors, incomplete: observed.incomplete === null ? 0 : 1 };
    if (conflicts.length > 0) return { conflicts: 1, untouched: 0, ...counts };

    const inOrder = await stage(workdir);
    const expected = await perform(inOrder.path, calls);
    requireSame("what the program saw", { got: outcomes, expected, observed });
    const committed = await workdir.commit(effects);
    requireSame("commit", { got: committed.status, expected: "committed", observed });
    requireSame("files", { got: comparable(dir), expected: comparable(inOrder.path), observed });
    return { conflicts: 0, untouched: changed ? 1 : 0, ...counts };
  } finally {
    await workdir.close({ keep: false });
  }
}

/**
 * Runs a case.
 *
 * @throws WrongResult where what the program left, with no conflict found, is not what it leaves in order
 */
export async function compareLooks(each: LookCase): Promise<LookOutcome> {
  using place = memoryDir();
  return await compareIn(join(place.path, "shared"), each);
}
