// Takes what a watched script did in one folder, as the engine takes it, to the folder that an earlier task has made
// of that one; without a conflict it must be what the script does there.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { memoryDir, readTree } from "@sheaf/testkit";
import {
  type Effects,
  openWorkdir,
  parseTrackLog,
  STATE_FOLDER,
  trackEnvironment,
  type View,
  type Workdir,
} from "@sheaf/workdir";
import { requireSame, WrongResult } from "../observed/compare.ts";
import { copyTree } from "../observed/in-order.ts";
import type { ScriptCase } from "./cases.ts";
import type { Ended, ScriptRunner } from "./script-runner.ts";
import { makeChange, setTimes, writeNodes } from "./trees.ts";

/** What a case is checked with. */
export interface Means {
  readonly library: string;
  readonly runner: ScriptRunner;
}

/** What became of a case. */
export interface CaseOutcome {
  /** How many earlier tasks have changed what the script had looked at. */
  readonly conflict: number;
  /** How many have not: what the script did was taken over. */
  readonly taken: number;
  /** The script has changed something. */
  readonly writes: boolean;
  readonly failed: boolean;
  /** Why not all that the script looked at is known. */
  readonly incomplete: string | null;
}

let attempts = 0;
const stage = (workdir: Workdir, taskId: string): Promise<View> => {
  attempts += 1;
  return workdir.stage({
    ...{ taskId, folder: `${taskId}-${attempts}`, attempt: 1, shown: "everything", writes: null },
    ...{ below: [], mayLink: true, enters: false, fresh: false },
  });
};

/** Commits what an earlier task changes; returns whether that was anything. */
async function commitEarlier(
  workdir: Workdir,
  earlier: ScriptCase["earlier"][number],
  runner: ScriptRunner,
): Promise<boolean> {
  const view = await stage(workdir, "earlier");
  for (const change of earlier) {
    if (change.op === "run") await runner.run(view.path, change.command);
    else makeChange(view.path, change);
  }
  const effects = await workdir.seal(view, { succeeded: true, quiet: true, observed: null });
  requireSame("the earlier task", (await workdir.commit(effects)).status, "committed");
  return effects.changes.length > 0;
}

/** A script that was watched, with what it did. */
interface Watched {
  readonly runner: ScriptRunner;
  readonly script: string;
  readonly ended: Ended;
  readonly effects: Effects;
}

/** Takes over what a script did to the folder as it is by now. @throws WrongResult */
async function takeOver(
  workdir: Workdir,
  { runner, script, ended, effects }: Watched,
): Promise<"conflict" | "taken"> {
  const { conflicts } = await workdir.validate(effects);
  if (conflicts.length > 0) return "conflict";
  using place = memoryDir();
  const later = join(place.path, "later/view");
  mkdirSync(join(place.path, "later"));
  copyTree(workdir.dir, later, [STATE_FOLDER]);
  setTimes(later);
  requireSame("the end", ended, await runner.run(later, script));
  if (ended.code !== 0) return "taken";
  const result = await workdir.commit(effects);
  requireSame("the commit", result.status, "committed");
  requireSame("what is left", readTree(workdir.dir), readTree(later));
  return "taken";
}

/**
 * Watches the script of a case and takes over what it did to what each earlier task makes of the folder.
 *
 * @param by the library that watches, and what runs scripts
 * @throws WrongResult
 */
export async function checkCase(
  { nodes, earlier, script }: ScriptCase,
  { library, runner }: Means,
): Promise<CaseOutcome> {
  using place = memoryDir();
  const [shared, log] = [join(place.path, "shared"), join(place.path, "log")];
  mkdirSync(shared);
  writeNodes(shared, nodes);
  writeFileSync(log, "");
  const before = readTree(shared);
  const workdir = await openWorkdir({
    ...{ dir: shared, runDir: join(shared, STATE_FOLDER, "runs/r"), runId: "r", frozen: [] },
    ...{ declaredWrites: [], shown: "everything", rung: "copy" },
  });
  try {
    const view = await stage(workdir, "script");
    setTimes(view.path);
    const ended = await runner.run(view.path, script, trackEnvironment(library, log, view.path));
    const observed = parseTrackLog(readFileSync(log), view.path);
    const effects = await workdir.seal(view, { succeeded: ended.code === 0, quiet: true, observed });
    const count = { conflict: 0, taken: 0 };
    for (const changes of earlier) {
      if (await commitEarlier(workdir, changes, runner)) {
        const between = readTree(shared);
        try {
          count[await takeOver(workdir, { runner, script, ended, effects })] += 1;
        } catch (error) {
          const seen = observed.observations.map(({ kind, path }) => `${kind} ${path}`).join(", ");
          const trees = `from ${before.join("; ")}\nthen ${between.join("; ")}`;
          throw new WrongResult(`${(error as Error).message}\n${trees}\nlooked at ${seen}\n${script}`, {
            cause: error,
          });
        }
      }
      await workdir.rewind(0);
    }
    const writes = effects.changes.length > 0;
    return { ...count, writes, failed: ended.code !== 0, incomplete: observed.incomplete };
  } finally {
    await workdir.close({ keep: false });
  }
}
