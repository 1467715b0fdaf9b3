import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SheafError } from "@sheaf/core";
import {
  type DoubtDecision,
  executeWithParallelism,
  type KeptPlan,
  type RunHandle,
  readKeptPlan,
  resolveDir,
  stateDirOf,
} from "@sheaf/engine";
import { readJournal } from "@sheaf/ledger";
import { findRun, type KeptRun } from "./find-run.ts";
import { EXIT, type Io } from "./io.ts";
import { keepPlanOf } from "./keep-plan.ts";
import { type PreparedRun, prepareRun } from "./prepare-run.ts";
import { performRun, type ShownAs } from "./run-command.ts";
import { sayError, sayProblems } from "./say-error.ts";

export interface ResumeFlags extends ShownAs {
  readonly dir?: string;
  /** Tasks in doubt that are to start again. */
  readonly again?: readonly string[];
  /** Tasks in doubt that are taken as done. */
  readonly done?: readonly string[];
}

/**
 * Goes on with a run that `sheaf run` has started, and prints what it came to.
 *
 * @throws SheafError RUN_UNKNOWN, RUN_NOT_RESUMABLE, OPTION_INVALID
 */
export async function resumeCommand(name: string, flags: ResumeFlags, io: Io): Promise<number> {
  const run = findRun(name, flags.dir, io);
  const plan = requirePlan(run);
  const inDoubt = decisionsOf(flags);
  // Paths in the plan's name and in flags start where the run was started.
  const there = { ...io, cwd: plan.cwd, env: { ...io.env, SHEAF_HOME: undefined } };
  const path = plan.path ?? "-";
  const planFlags = { ...plan.flags, dir: plan.dir };
  const prepared = prepareRun(path, planFlags, { io: there, ...keptText(plan) });
  if ("problems" in prepared) return sayProblems(prepared.problems, io);
  const resumed = { ...prepared, options: { ...prepared.options, home: plan.home } };
  try {
    const started = startAgain(resumed, run, inDoubt);
    void keepPlanOf(started.run, { prepared: resumed, path, flags: planFlags, io: there });
    const print = flags.json === true ? io.keepStdout() : (text: string) => void io.stdout.write(text);
    return await performRun(started, { flags, io, print });
  } catch (error) {
    if (!(error instanceof SheafError)) throw error;
    sayError(prepared.locate(error), io);
    return EXIT.badInput;
  }
}

// In an object, as a run that is returned alone would be awaited.
function startAgain(
  { input, agent, options }: PreparedRun,
  { id }: KeptRun,
  inDoubt: Readonly<Record<string, DoubtDecision>>,
): { readonly run: RunHandle } {
  return { run: executeWithParallelism(input, agent, { ...options, runId: id, inDoubt }) };
}

function requirePlan({ id, folder, journal }: KeptRun): KeptPlan {
  const refuse = (problem: string): SheafError =>
    new SheafError("RUN_NOT_RESUMABLE", { runId: id, path: folder, problem });
  const plan = readKeptPlan(folder);
  if (plan === null) throw refuse("it was not started by `sheaf run`");
  const place = join(stateDirOf(resolveDir(plan.dir), plan.home)!, "runs", id);
  if (!existsSync(place) || realpathSync(place) !== realpathSync(folder))
    throw refuse(`it is a copy of the one in ${place}`);
  const last = readJournal(journal).events.at(-1);
  if (last?.type === "run.finished" && last.status === "succeeded")
    throw refuse("all its tasks have succeeded");
  return plan;
}

// A plan that is still there is read again, so that what was mended in it counts.
function keptText({ path, text, cwd }: KeptPlan) {
  if (path !== null && existsSync(resolve(cwd, path))) return {};
  const name = path === null ? "standard input" : path;
  const folder = path === null ? cwd : dirname(resolve(cwd, path));
  return { text: { name: `${name} (as kept with the run)`, folder, text } };
}

function decisionsOf({ again = [], done = [] }: ResumeFlags): Readonly<Record<string, DoubtDecision>> {
  const both = again.find((id) => done.includes(id));
  if (both !== undefined) {
    const expected = "about other tasks than --done";
    throw new SheafError("OPTION_INVALID", { option: "--again", expected, got: both });
  }
  const decisions = Object.create(null) as Record<string, DoubtDecision>;
  for (const id of again) decisions[id] = "again";
  for (const id of done) decisions[id] = "done";
  return decisions;
}
