// Takes hold of everything that a run works with: the directory, the journal, what earlier sessions have left.
import { join } from "node:path";
import type { EventBody, RunEvent, UsageRecord } from "@sheaf/core";
import {
  type CostBook,
  createCostBook,
  type Journal,
  listedRows,
  openJournal,
  type PriceBook,
} from "@sheaf/ledger";
import { diskSync, type Meanwhile, noSync, openWorkdir, type Sync, type Workdir } from "@sheaf/workdir";
import { openRunBudgets, type WantedBudgets, wantedBudgets } from "../calls/budgets-of-run.ts";
import { crashedCalls } from "../calls/crashed-calls.ts";
import type { RunBudgets } from "../calls/run-budgets.ts";
import { VERSION } from "../version.ts";
import { makeStateDir } from "./check-home.ts";
import { bookLeftCostFiles } from "./cost-files.ts";
import { type DecidedSession, withDecisions } from "./doubt.ts";
import { ExecutionStore } from "./execution-store.ts";
import { type History, openHistory } from "./history.ts";
import { effectiveLimits } from "./limits.ts";
import { RunFolder } from "./run-place.ts";
import type { RunRequest } from "./run-request.ts";
import { earlierSession, hasBegun, inEarlierOrder, JOURNAL_FILE, keepTasks } from "./session.ts";
import { shownToTasks } from "./tracked-tasks.ts";

/** A run that holds what it needs. */
export interface OpenRun {
  /** What was asked for; of a set that an earlier session has put in order, in that order. */
  readonly request: RunRequest;
  readonly workdir: Workdir | null;
  readonly journal: Journal;
  readonly folder: RunFolder;
  readonly history: History;
  readonly costs: CostBook;
  readonly budgets: RunBudgets;
  /** What earlier sessions of the run have left; null in the first. */
  readonly earlier: DecidedSession | null;
  /** What somebody else has changed since then; null where that cannot be or does not matter. */
  readonly meanwhile: Meanwhile | null;
  /** Where finished attempts are kept; null where nothing is. */
  readonly kept: ExecutionStore | null;
  /** Puts on the disk what must survive. */
  readonly sync: Sync;
  readonly emit: (body: EventBody) => RunEvent;
}

/**
 * Opens a run, or goes on with one: what is to run again is taken back from the directory first.
 *
 * @throws SheafError DIR_BUSY, DIR_UNUSABLE, OPTION_INVALID, RUN_NOT_RESUMABLE, RUN_IN_DOUBT, JOURNAL_DAMAGED
 */
export async function openRun(asked: RunRequest, signal: AbortSignal): Promise<OpenRun> {
  const { stateDir, runId, home } = asked;
  if (stateDir !== null && home !== null) makeStateDir(stateDir, home);
  const runDir = stateDir === null ? null : join(stateDir, "runs", runId);
  const budgets = await wantedBudgets(asked);
  const known = runDir !== null && hasBegun(runDir);
  const request = known ? inEarlierOrder(runDir, asked) : asked;
  if (!known) withDecisions(request, null);
  const sync = request.settings.durability === "power" ? await diskSync() : noSync;
  const workdir = await openDirectory(request, { runDir, sync, signal });
  try {
    const earlier = !known ? null : earlierSession(runDir, request, workdir?.committed() ?? []);
    const decided = withDecisions(request, earlier);
    const meanwhile =
      decided === null || workdir === null
        ? null
        : await workdir.meanwhile(decided.done.map(({ standing }) => standing));
    const opened = openFiles(request, { runDir, workdir, earlier: decided, sync, meanwhile, budgets });
    try {
      await begin(request, opened);
    } catch (error) {
      opened.budgets.close();
      opened.journal.close();
      throw error;
    }
    return opened;
  } catch (error) {
    await workdir?.close({ keep: true });
    throw error;
  }
}

// A run that is cancelled while its directory is frozen touches nothing in it, and ends as any other.
async function openDirectory(
  request: RunRequest,
  {
    runDir,
    sync,
    signal,
  }: { readonly runDir: string | null; readonly sync: Sync; readonly signal: AbortSignal },
): Promise<Workdir | null> {
  const { runId, tasks, dir, settings } = request;
  if (dir === null || runDir === null) return null;
  try {
    return await openWorkdir({
      ...{ dir, runDir, runId, frozen: settings.frozen, policies: settings.policies, sync, signal },
      declaredWrites: tasks.flatMap((task) => task.writes ?? []),
      shown: shownToTasks(request),
      ...(settings.staging === "auto" ? {} : { rung: settings.staging }),
    });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

// In this order: who is killed in between must not seem to have done anew what was only taken back.
async function begin(request: RunRequest, opened: OpenRun): Promise<void> {
  const { workdir, journal, earlier, folder, emit } = opened;
  const { settings, dir } = request;
  if (earlier === null) {
    noteTasks(opened, request);
    return;
  }
  // Cancelled before the directory was opened: all stays as it was, so that is what the run is about.
  const isUntouched = dir !== null && workdir === null;
  tellBegin(request, emit);
  tellResumed(isUntouched ? { ...earlier, takenBack: [] } : earlier, emit);
  for (const call of crashedCalls(earlier.events)) emit(call);
  const ids = request.tasks.map(({ id }) => id);
  if (folder.dir !== null) bookLeftCostFiles({ runDir: folder.dir, ids, events: earlier.events }, emit);
  if (isUntouched) return;
  if (settings.durability === "power") await journal.sync();
  else journal.flush();
  await workdir?.rewind(earlier.commits);
  noteTasks(opened, request);
}

/** Notes what a run is about, before its first event; of a set again once it is in order, before a task starts. */
export function noteTasks({ folder, sync }: OpenRun, request: RunRequest): void {
  if (folder.dir !== null && request.settings.trace) sync([keepTasks(folder.dir, request), folder.dir]);
}

/** Says what a session is about, as its first event. */
export function tellBegin(request: RunRequest, emit: OpenRun["emit"]): void {
  const { tasks, settings, dir } = request;
  const { mode, schedule } = settings;
  const limits = effectiveLimits(request);
  emit({ type: "run.started", tasks: tasks.length, mode, schedule, dir, limits, version: VERSION });
}

function tellResumed({ done, takenBack, executions, decided }: DecidedSession, emit: OpenRun["emit"]): void {
  const said = decided === undefined ? {} : { decided };
  emit({ type: "run.resumed", done: done.length, takenBack, reusable: executions.size, ...said });
}

// What a call cost, or may cost, is looked up once, so that whoever reads the journal needs no prices.
function priced(body: EventBody, prices: PriceBook, at: number): EventBody {
  switch (body.type) {
    case "analysis.usage":
      return { ...body, usage: prices.priced(body.usage, at) };
    case "attempt.usage": {
      const { usage, file } = body;
      return { ...body, usage: file === undefined ? prices.priced(usage, at) : prices.pricedSum(usage, at) };
    }
    case "llm.started":
      return { ...body, hold: prices.priced(body.hold, at) };
    case "llm.finished": {
      const of = (usage: UsageRecord | null) => (usage === null ? null : prices.priced(usage, at));
      return { ...body, usage: of(body.usage), avoided: of(body.avoided) };
    }
    default:
      return body;
  }
}

interface Place {
  readonly runDir: string | null;
  readonly workdir: Workdir | null;
  readonly earlier: DecidedSession | null;
  readonly meanwhile: Meanwhile | null;
  readonly sync: Sync;
  readonly budgets: WantedBudgets;
}

function openFiles(request: RunRequest, place: Place): OpenRun {
  const { runDir, workdir, earlier, meanwhile, sync } = place;
  const { stateDir, runId, clock, settings, costWeights, prices } = request;
  const folder = new RunFolder(runDir);
  const traced = runDir !== null && settings.trace;
  const path = traced ? join(runDir, JOURNAL_FILE) : null;
  const journal = openJournal({ path, runId, clock, nextSeq: earlier?.events.length ?? 0 });
  const costs = createCostBook({
    ...(costWeights === undefined ? {} : { weights: costWeights }),
    ...(settings.routes === null ? {} : { routes: listedRows(settings.routes) }),
  });
  for (const event of earlier?.events ?? []) costs.add(event);
  const emit = (body: EventBody): RunEvent => {
    const event = journal.append(priced(body, prices, clock.now()));
    costs.add(event);
    budgets.take(event);
    return event;
  };
  const kept = traced ? new ExecutionStore(join(runDir, "executions")) : null;
  for (const { output, ...execution } of earlier?.taken ?? []) kept?.keep(execution, output);
  // Last: what throws before has joined no circle.
  const budgets = openRunBudgets(request, place.budgets, {
    ...{ before: earlier?.events ?? [], emit },
    flush: () => journal.flush(),
  });
  const opened = {
    request,
    workdir,
    journal,
    folder,
    history: openHistory(stateDir),
    costs,
    budgets,
    earlier,
    meanwhile,
  };
  return { ...opened, kept, sync, emit };
}
