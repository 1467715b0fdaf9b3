// Recorded workflows, really run: every task waits on a timer as long as it once took, on a smaller scale. Waiting
// takes no processor, so any number of workers can be compared on any machine.
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { executeWithParallelism, type RunOptions } from "sheaf";
import { loadWorkflows } from "../load-workflows.ts";
import { type Contestant, holdContest } from "../measure/contest.ts";
import { costOf } from "../measure/cost.ts";
import { type Spread, spreadOf } from "../measure/spread.ts";
import { repository } from "../repository.ts";
import type { Section, SectionOptions } from "../show/section.ts";
import { computedMs, type TimedWorkflow, timedWorkflow } from "./timed-workflow.ts";
import { type WorkflowRow, workflowTable } from "./workflow-table.ts";

const FOLDER: string = join(repository, "..", "shared", "data", "wf");
const MEAN_MS = 20;
const WORKERS: readonly number[] = [2, 4, 8, 16];
const SCHEDULES = ["levels", "ready"] as const;
const IN_ORDER = "one after another";

/** Measures the workflows of the folder; null where there is none. */
export async function measureWorkflows(options: SectionOptions): Promise<Section | null> {
  if (!existsSync(FOLDER)) {
    options.note(`There are no workflows in ${FOLDER}: skipped.`);
    return null;
  }
  const rows: WorkflowRow[] = [];
  let drift = 1;
  const workflows = loadWorkflows([FOLDER], options.note);
  // The first run of all loads and compiles code; that is no run's price.
  await executeWithParallelism(timedWorkflow(workflows[0]!, 0).tasks, () => 0, { env: {} });
  for (const workflow of workflows) {
    const name = basename(workflow.file, ".json");
    const note = (sentence: string): void => options.note(`${name}, ${sentence}`);
    const measured = await measureWorkflow(name, timedWorkflow(workflow, MEAN_MS), { ...options, note });
    rows.push(...measured.rows);
    drift = Math.max(drift, measured.drift);
  }
  return { tables: [workflowTable(rows, { drift, meanMs: MEAN_MS })] };
}

/** What runs have taken over what was computed for them, one figure a round. */
interface Ratios {
  /** For waits as they were asked for. */
  readonly overAsked: number[];
  /** For waits as they came out: a timer is never early and often late. */
  readonly overWaited: number[];
}

async function measureWorkflow(
  name: string,
  workflow: TimedWorkflow,
  options: SectionOptions,
): Promise<{ readonly rows: readonly WorkflowRow[]; readonly drift: number }> {
  const ratios = new Map<string, Ratios>();
  const contestants = [
    inOrder(workflow),
    ...WORKERS.flatMap((maxWorkers) =>
      SCHEDULES.map((schedule) => {
        const key = contestantName(maxWorkers, schedule);
        ratios.set(key, { overAsked: [], overWaited: [] });
        return withSheaf(workflow, { maxWorkers, schedule }, ratios.get(key)!);
      }),
    ),
  ];
  const contest = { contestants, yardstick: IN_ORDER, warmUps: 0 };
  const { standings, drift } = await holdContest(contest, options);
  const speedUp = (key: string): number =>
    1 / standings.find((standing) => standing.name === key)!.wallRatio.median;
  const rows = WORKERS.map((workers): WorkflowRow => {
    const levels = contestantName(workers, "levels");
    const ready = contestantName(workers, "ready");
    const over = (key: string, pick: keyof Ratios): Spread => spreadOf(ratios.get(key)![pick]);
    return {
      ...{ workflow: name, tasks: workflow.tasks.length, workers },
      ...{ levels: speedUp(levels), ready: speedUp(ready), gain: speedUp(ready) / speedUp(levels) },
      readyOverAsked: over(ready, "overAsked").median,
      readyOverWaited: over(ready, "overWaited").median,
      levelsOverWaited: over(levels, "overWaited").median,
    };
  });
  return { rows, drift };
}

const contestantName = (workers: number, schedule: string): string => `${schedule}, ${workers} workers`;

function inOrder({ tasks }: TimedWorkflow): Contestant {
  const work = async (): Promise<void> => {
    for (const { input } of tasks) await waitedMs(input);
  };
  return { name: IN_ORDER, run: async () => ({ [IN_ORDER]: await costOf(work) }) };
}

function withSheaf(
  workflow: TimedWorkflow,
  choice: { readonly maxWorkers: number; readonly schedule: "levels" | "ready" },
  ratios: Ratios,
): Contestant {
  const options: RunOptions = { ...choice, useLlmDeps: false, env: {} };
  const name = contestantName(choice.maxWorkers, choice.schedule);
  return {
    name,
    async run() {
      let outputs: Readonly<Record<string, unknown>> = {};
      const cost = await costOf(async () => {
        const report = await executeWithParallelism(
          workflow.tasks,
          (task) => waitedMs(Number(task.input)),
          options,
        );
        outputs = report.unwrap();
      });
      const waits = Float64Array.from(workflow.tasks, (task) => Number(outputs[task.id]));
      const asComputed = (ms: Float64Array): number =>
        computedMs(workflow, ms, { processors: choice.maxWorkers, schedule: choice.schedule });
      ratios.overAsked.push(cost.wallMs / asComputed(workflow.waitsMs));
      ratios.overWaited.push(cost.wallMs / asComputed(waits));
      return { [name]: cost };
    },
  };
}

/** Waits and returns for how long, in ms. */
async function waitedMs(ms: number): Promise<number> {
  if (ms === 0) return 0;
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return performance.now() - from;
}
