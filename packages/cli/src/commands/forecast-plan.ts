import { join } from "node:path";
import { isSheafError, SheafError } from "@sheaf/core";
import { type PlannedRun, readSettings, resolveDir, type Settings } from "@sheaf/engine";
import {
  forecastRun,
  journalSamples,
  picoToUsd,
  type RunEvents,
  type RunForecast,
  readJournal,
  type SamplesQuery,
  usdToPico,
  type WorkSamples,
} from "@sheaf/ledger";
import { keptRuns } from "./find-run.ts";
import type { Io } from "./io.ts";
import { askIndex } from "./open-history.ts";
import type { PreparedRun } from "./prepare-run.ts";

/** Of each agent, how many of its latest attempts a forecast looks at: so many, and more for a long list. */
const MOST_ATTEMPTS = 1_000;
const ATTEMPTS_A_TASK = 20;
/** Runs that a forecast looks back at where the history cannot be used. */
const MOST_JOURNALS = 20;
/** The same plan after the same runs has the same forecast. */
const SEED = 1;

/**
 * Forecasts what a run of the plan will cost and take, by what the history has of its tasks and agents. Where that
 * cannot be used, which is told on stderr, by the last journals of the directory.
 */
export async function forecastPlan(
  { plan, maxWorkers, stateDir }: PlannedRun,
  { input, options }: Pick<PreparedRun, "input" | "options">,
  io: Io,
): Promise<RunForecast> {
  const { schedule } = readSettings(options as Partial<Settings>, options.env ?? {}).settings;
  const agents = agentNames(input);
  const agentOf = (id: string): string => agents.get(id) ?? "agent";
  const samples = await earlierSamples(
    {
      agents: [...new Set(plan.order.map(agentOf))],
      most: Math.max(MOST_ATTEMPTS, ATTEMPTS_A_TASK * plan.order.length),
    },
    { stateDir, dir: (input as { readonly dir?: string }).dir, io },
  );
  const tasks = plan.order.map((id, i) => {
    const from = plan.durationSources[i]!;
    return {
      id,
      found: samples.of(id, agentOf(id)),
      expectedMs: from === "unknown" ? null : { ms: plan.durationsMs[i]!, from },
    };
  });
  const { graph, priorities } = plan;
  return forecastRun({ tasks, graph, workers: maxWorkers, schedule, priorities, seed: SEED });
}

/**
 * @throws SheafError FORECAST_OVER when the p90 of the cost, with what planning has cost, is more than `maxUsd`.
 */
export function assertWithin(maxUsd: number, { pico }: RunForecast, { usage }: PlannedRun): void {
  const spent = usage.reduce((sum, { costUsd }) => sum + usdToPico(costUsd ?? 0), 0n);
  const likely = spent + pico.p90;
  if (likely <= usdToPico(maxUsd)) return;
  throw new SheafError("FORECAST_OVER", { p90Usd: picoToUsd(likely), maxUsd, unknown: pico.unknown });
}

interface Earlier {
  readonly stateDir: string | null;
  readonly dir: string | undefined;
  readonly io: Io;
}

async function earlierSamples(query: SamplesQuery, { stateDir, dir, io }: Earlier): Promise<WorkSamples> {
  if (stateDir === null) return journalSamples([], query);
  try {
    return await askIndex({ stateDir, io }, async (index, { isShared }) => {
      if (index === null) return journalSamples([], query);
      // A server also knows other directories, whose tasks may have the same ids.
      const only = isShared ? { dir: dir === undefined ? null : resolveDir(dir) } : {};
      return await index.samples({ ...query, ...only });
    });
  } catch (error) {
    if (!isSheafError(error, "HISTORY_UNUSABLE")) throw error;
    io.stderr.write(
      `${error.message} The forecast is made from the last ${MOST_JOURNALS} journals instead.\n`,
    );
    return journalSamples(lastJournals(stateDir), query);
  }
}

// A journal that cannot be read tells nothing; that it cannot is said where its run is asked for.
function lastJournals(stateDir: string): readonly RunEvents[] {
  return keptRuns(join(stateDir, "runs"))
    .slice(0, MOST_JOURNALS)
    .flatMap(({ id, journal }) => {
      try {
        return [{ name: id, events: readJournal(journal).events }];
      } catch (error) {
        if (isSheafError(error, "JOURNAL_DAMAGED") || (error as NodeJS.ErrnoException).code === "ENOENT")
          return [];
        throw error;
      }
    });
}

interface Step {
  readonly id?: string | undefined;
  readonly run?: string;
  readonly agent?: string | undefined;
  readonly sub_task_agent?: string;
}

/** Returns the names under which the costs of tasks were booked, where the plan names them. */
function agentNames(input: PreparedRun["input"]): ReadonlyMap<string, string> {
  const { tasks, sub_tasks } = input as {
    readonly tasks?: readonly Step[];
    readonly sub_tasks?: readonly Step[];
  };
  const steps: readonly Step[] =
    tasks ?? (sub_tasks ?? []).map((step, i) => ({ id: `step-${i + 1}`, agent: step.sub_task_agent }));
  return new Map(
    steps.flatMap(({ id, run, agent }) => {
      const name = run === undefined ? agent : "command";
      return id === undefined || name === undefined ? [] : [[id, name] as const];
    }),
  );
}
