import { join } from "node:path";
import { isSheafError, SheafError } from "@sheaf/core";
import { type PlannedRun, readSettings, type Settings } from "@sheaf/engine";
import {
  forecastRun,
  picoToUsd,
  type RunFacts,
  type RunForecast,
  readJournal,
  runFacts,
  usdToPico,
  workSamples,
} from "@sheaf/ledger";
import { keptRuns } from "./find-run.ts";
import type { PreparedRun } from "./prepare-run.ts";

/** Runs that a forecast looks back at. */
const MOST_RUNS = 20;
/** The same plan after the same runs has the same forecast. */
const SEED = 1;

/** Forecasts what a run of the plan will cost and take, by the last runs of its directory. */
export function forecastPlan(
  { plan, maxWorkers, stateDir }: PlannedRun,
  { input, options }: Pick<PreparedRun, "input" | "options">,
): RunForecast {
  const { schedule } = readSettings(options as Partial<Settings>, options.env ?? {}).settings;
  const samples = workSamples(stateDir === null ? [] : earlierRuns(stateDir));
  const agents = agentNames(input);
  const tasks = plan.order.map((id, i) => {
    const from = plan.durationSources[i]!;
    return {
      id,
      found: samples.of(id, agents.get(id) ?? "agent"),
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

// A journal that cannot be read tells nothing; that it cannot is said where its run is asked for.
function earlierRuns(stateDir: string): readonly RunFacts[] {
  return keptRuns(join(stateDir, "runs"))
    .slice(0, MOST_RUNS)
    .flatMap(({ journal }) => {
      try {
        return runFacts(readJournal(journal).events) ?? [];
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
