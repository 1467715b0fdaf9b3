import { join } from "node:path";
import { keepPlan, type RunHandle, readSettings, resolveDir, type Settings, stateDirOf } from "@sheaf/engine";
import type { Io } from "./io.ts";
import type { PlanFlags, PreparedRun } from "./prepare-run.ts";
import { settingFlagsIn } from "./setting-flags.ts";

/** What a run was started with. */
export interface StartedWith {
  readonly prepared: PreparedRun;
  /** Plan file as the user named it; `-` is the standard input. */
  readonly path: string;
  readonly flags: PlanFlags;
  readonly io: Io;
}

/** Where the state of a prepared run lies. */
interface RunPlace {
  readonly dir: string;
  readonly home: string | null;
  readonly trace: boolean;
}

function placeOf({ input, options }: PreparedRun): RunPlace {
  const { home, trace } = readSettings(options as Partial<Settings>, options.env ?? {}).settings;
  return { dir: resolveDir((input as { readonly dir: string }).dir), home, trace };
}

/**
 * Keeps a run's plan in its folder once the run has begun. Never rejects: a run without it is none the worse, only it
 * cannot be resumed by the command.
 */
export async function keepPlanOf(run: RunHandle, { prepared, path, flags, io }: StartedWith): Promise<void> {
  if (!(await hasBegun(run))) return;
  try {
    const { dir, home, trace } = placeOf(prepared);
    if (!trace) return;
    const shaping = {
      ...settingFlagsIn(flags),
      ...(flags.agent === undefined ? {} : { agent: flags.agent }),
    };
    keepPlan(join(stateDirOf(dir, home)!, "runs", run.runId), {
      version: 1,
      path: path === "-" ? null : path,
      text: prepared.planText.text,
      cwd: io.cwd,
      ...{ dir, home, flags: shaping },
    });
  } catch (error) {
    io.stderr.write(`The plan could not be kept, so this run cannot be resumed: ${String(error)}\n`);
  }
}

async function hasBegun(run: RunHandle): Promise<boolean> {
  try {
    for await (const _ of run) return true;
  } catch {
    // The run could not begin; whoever awaits it is told.
  }
  return false;
}
