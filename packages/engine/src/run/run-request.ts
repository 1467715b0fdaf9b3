import { createHash, randomBytes } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { analyze, type SetOrder } from "@sheaf/analyzer";
import {
  type Clock,
  idProblem,
  type RunId,
  SheafError,
  systemClock,
  type Task,
  runId as toRunId,
} from "@sheaf/core";
import { type CostWeights, checkCostWeights, openPriceBook, type PriceBook } from "@sheaf/ledger";
import { STATE_FOLDER } from "@sheaf/workdir";
import { type Agent, checkAgent, resolveWork, type TaskWork } from "../agents/resolve-work.ts";
import { type Upstreams, upstreamsOf } from "../calls/upstreams.ts";
import { readSettings } from "../config/read-settings.ts";
import { SETTING_TABLE } from "../config/setting-table.ts";
import type { Settings } from "../config/settings.ts";
import { createExecutors } from "../executor/executors.ts";
import { strayRoutes } from "../tasks/cost-route.ts";
import { parseTasks } from "../tasks/parse-tasks.ts";
import { isPlannerAnswer, tasksOfPlannerAnswer } from "../tasks/planner-answer.ts";
import { type AskedHome, checkHome } from "./check-home.ts";
import { checkAgents, checkOptions } from "./check-options.ts";
import type { DoubtDecision, RunInput, RunOptions, RunSpec } from "./options.ts";

/** A run that has been checked and not begun. */
export interface RunRequest {
  readonly runId: RunId;
  /** In serial order. */
  readonly tasks: readonly Task[];
  /** Whether that may still change: only until it is known what they need. */
  readonly order: SetOrder;
  /** What kept them from another order. */
  readonly orderWarnings: readonly string[];
  readonly works: readonly TaskWork[];
  /** Real path of the shared directory, or null. */
  readonly dir: string | null;
  /** Folder of the state of all runs there; null when nothing is kept. */
  readonly stateDir: string | null;
  /** Where the caller wants that folder to be; null: in the shared directory. */
  readonly home: AskedHome | null;
  readonly settings: Settings;
  /** The number of workers was asked for, so it is not bounded by the rule for processors. */
  readonly maxWorkersGiven: boolean;
  readonly warnings: readonly string[];
  readonly clock: Clock;
  readonly costWeights: CostWeights | undefined;
  /** The server of the history of runs; undefined where that is a file. */
  readonly historyUrl: string | undefined;
  readonly prices: PriceBook;
  readonly signal: AbortSignal | undefined;
  readonly validate: boolean;
  /** What the caller decided about tasks in doubt, by id. */
  readonly inDoubt: ReadonlyMap<string, DoubtDecision>;
  /** Library that tracks what commands read; null until it was asked for, or where there is none. */
  readonly shim: string | null;
  /** Servers of models, behind the gateway. */
  readonly upstreams: Upstreams;
  /** A PostgreSQL server that keeps the index of runs; null: a file in the state folder does. */
  readonly databaseUrl: string | null;
  readonly makeExecutors: typeof createExecutors;
  readonly analyze: typeof analyze;
}

function toSpec(input: RunInput): RunSpec {
  if (Array.isArray(input)) return { tasks: input };
  if (typeof input !== "object" || input === null) {
    const expected = "a list of tasks, { dir, tasks } or a planner's answer with sub_tasks";
    throw new SheafError("OPTION_INVALID", { option: "run", expected, got: input });
  }
  if (!isPlannerAnswer(input)) return input as RunSpec;
  const { dir, agents } = input;
  return {
    tasks: tasksOfPlannerAnswer(input),
    ...(dir === undefined ? {} : { dir }),
    ...(agents === undefined ? {} : { agents }),
  };
}

/** Returns the real path of a folder that can be worked on. */
export function resolveDir(dir: unknown): string {
  if (typeof dir !== "string" || dir === "") {
    throw new SheafError("OPTION_INVALID", { option: "dir", expected: "the path of a folder", got: dir });
  }
  const path = resolve(dir);
  const unusable = (problem: string): SheafError => new SheafError("DIR_UNUSABLE", { dir: path, problem });
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw unusable("there is no such folder");
    if (!stat.isDirectory()) throw unusable("it is not a folder");
    return realpathSync(path);
  } catch (error) {
    if (error instanceof SheafError) throw error;
    throw unusable(`it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Returns the folder in which the state of a directory's runs is kept. */
export function stateDirOf(dir: string | null, home: string | null): string | null {
  if (home === null) return dir === null ? null : join(dir, STATE_FOLDER);
  const key = dir === null ? "no-directory" : createHash("sha256").update(dir).digest("hex").slice(0, 16);
  return join(resolve(home), key);
}

// Sorts by time, says when it was, and two runs of one second still differ.
function newRunId(clock: Clock): RunId {
  const stamp = new Date(clock.now()).toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return toRunId(`${stamp}-${randomBytes(3).toString("hex")}`);
}

function chooseRunId(given: unknown, clock: Clock): RunId {
  if (given === undefined) return newRunId(clock);
  const problem = idProblem(given);
  if (problem !== undefined) throw new SheafError("RUN_ID_INVALID", { runId: given, problem });
  return toRunId(given as string);
}

function askedHome(options: RunOptions, { home }: Settings): AskedHome | null {
  if (home === null) return null;
  return { path: home, option: options.home === undefined ? SETTING_TABLE.home.env : "home" };
}

function readDecisions(given: Readonly<Record<string, DoubtDecision>>): ReadonlyMap<string, DoubtDecision> {
  const decisions = Object.entries(given);
  const wrong = decisions.find(([, decision]) => decision !== "again" && decision !== "done");
  if (wrong === undefined) return new Map(decisions);
  const [id, got] = wrong;
  throw new SheafError("OPTION_INVALID", { option: `inDoubt.${id}`, expected: "`again` or `done`", got });
}

/**
 * Checks everything that can be checked before a run begins.
 *
 * @throws SheafError for every mistake of the caller: tasks, options, variables, agents, directory, run id.
 */
export function runRequest(input: RunInput, agent: Agent | undefined, options: RunOptions): RunRequest {
  checkOptions(options);
  const spec = toSpec(input);
  const { settings, given, warnings } = readSettings(options, options.env ?? process.env);
  const { tasks, warnings: orderWarnings } = parseTasks(spec.tasks, settings.order);
  if (agent !== undefined) checkAgent(agent, "agentFn");
  const choice = { fallback: agent, named: checkAgents(spec.agents) };
  const forced = settings.enableParallel ? settings : { ...settings, mode: "sequential" as const };
  const works = tasks.map((task) => resolveWork(task, choice, forced));
  const dir = spec.dir === undefined ? null : resolveDir(spec.dir);
  const clock = options.clock ?? systemClock;
  const stateDir = stateDirOf(dir, forced.home);
  const home = askedHome(options, forced);
  if (home !== null) checkHome(home, dir);
  return {
    runId: chooseRunId(options.runId, clock),
    tasks,
    order: settings.order === "free" ? "free" : "given",
    orderWarnings,
    works,
    dir,
    stateDir,
    home,
    settings: forced,
    maxWorkersGiven: given.has("maxWorkers"),
    warnings: [...warnings, ...strayRoutes(tasks, forced.routes)],
    clock,
    prices: openPriceBook({ prices: settings.prices }),
    costWeights: options.costWeights === undefined ? undefined : checkCostWeights(options.costWeights),
    historyUrl: (options.env ?? process.env).SHEAF_DATABASE_URL?.trim() || undefined,
    signal: options.signal,
    validate: options.validate ?? false,
    inDoubt: readDecisions(options.inDoubt ?? {}),
    shim: null,
    upstreams: upstreamsOf(options.env ?? process.env),
    databaseUrl: (options.env ?? process.env).SHEAF_DATABASE_URL?.trim() || null,
    makeExecutors: createExecutors,
    analyze,
  };
}
