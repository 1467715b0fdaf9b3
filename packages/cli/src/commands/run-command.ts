import { SheafError } from "@sheaf/core";
import { type Asking, executeWithParallelism, planRun, type RunHandle, type RunReport } from "@sheaf/engine";
import { askingText } from "../show/asking-text.ts";
import { stderrTail } from "../show/failure-text.ts";
import { costSentence } from "../show/forecast-text.ts";
import { ganttChart } from "../show/gantt-chart.ts";
import { palette } from "../show/palette.ts";
import { plainData } from "../show/plain-data.ts";
import { collectEvents, followRun } from "../show/show-progress.ts";
import { summary } from "../show/summary.ts";
import { terminalLook, widthOf } from "../show/terminal-look.ts";
import { assertWithin, forecastPlan } from "./forecast-plan.ts";
import { watchInterrupts } from "./interrupts.ts";
import { EXIT, type Io } from "./io.ts";
import { keepPlanOf } from "./keep-plan.ts";
import { tellServer } from "./open-history.ts";
import { type PlanFlags, type PreparedRun, prepareRun } from "./prepare-run.ts";
import { parseUsd } from "./quantities.ts";
import { sayError, sayProblems } from "./say-error.ts";
import { watchExit } from "./watch-exit.ts";

/** Flags for what is shown of a run. */
export interface ShownAs {
  readonly json?: boolean;
  readonly gantt?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface RunFlags extends PlanFlags, ShownAs {
  readonly runId?: string;
  readonly maxUsd?: string;
  /** False after `--no-trace`. */
  readonly trace: boolean;
}

/** Runs a plan and prints what it came to. */
export async function runCommand(path: string, flags: RunFlags, io: Io): Promise<number> {
  const maxUsd = flags.maxUsd === undefined ? null : parseUsd("--max-usd", flags.maxUsd);
  const prepared = prepareRun(path, flags, { io });
  if ("problems" in prepared) return sayProblems(prepared.problems, io);
  const { stdout } = io;
  const print = flags.json === true ? io.keepStdout() : (text: string) => void stdout.write(text);
  try {
    if (maxUsd !== null) await requireWithin(maxUsd, prepared, io);
    const started = startRun(prepared, flags);
    void keepPlanOf(started.run, { prepared, path, flags, io });
    return await performRun(started, { flags, io, print });
  } catch (error) {
    if (!(error instanceof SheafError)) throw error;
    sayError(prepared.locate(error), io);
    return EXIT.badInput;
  }
}

// What a model says about the list while this plan is made is kept, so the run asks for none of it again.
async function requireWithin(maxUsd: number, prepared: PreparedRun, io: Io): Promise<void> {
  const onAsking = (asking: Asking): void => void io.stderr.write(`Asking ${askingText(asking)}\n`);
  const planned = await planRun(prepared.input, prepared.agent, { ...prepared.options, onAsking });
  const forecast = await forecastPlan(planned, prepared, io);
  assertWithin(maxUsd, forecast, planned);
  io.stderr.write(`${costSentence(forecast)}\n`);
}

// In an object, as a run that an async function returned would be awaited.
function startRun({ input, agent, options }: PreparedRun, flags: RunFlags): { readonly run: RunHandle } {
  const { runId, trace } = flags;
  const run = executeWithParallelism(input, agent, {
    ...options,
    ...(runId === undefined ? {} : { runId }),
    ...(trace ? {} : { trace }),
  });
  return { run };
}

/** How a run is shown. */
export interface Performing {
  readonly flags: ShownAs;
  readonly io: Io;
  /** Prints a result. */
  readonly print: (text: string) => void;
}

/** Shows a run as it proceeds and what it came to, and returns its exit code. */
export async function performRun(
  { run }: { readonly run: RunHandle },
  { flags, io, print }: Performing,
): Promise<number> {
  const { stderr, env } = io;
  const shown =
    flags.quiet === true ? null : followRun(run, { stream: stderr, env, verbose: flags.verbose === true });
  const say = shown?.say ?? ((line: string) => void stderr.write(`${line}\n`));
  const interrupts = watchInterrupts(io, (signal) => {
    say("Stopping; what is committed stays. Once more to quit at once.");
    run.cancel(signal === "SIGINT" ? "Ctrl-C was pressed" : `${signal} came`);
  });
  const stopWatching = watchExit(io, run.runId, () => interrupts.exitCode() !== null);
  try {
    await shown?.ended;
    const report = await run;
    if (shown !== null) stderr.write("\n");
    sayStderr(report, io);
    const result =
      flags.json === true
        ? JSON.stringify(plainData(report), null, 2)
        : await readable({ run, report, flags, io });
    print(`${result}\n`);
    await tellServer(report, io);
    sayHowToGoOn(report, io);
    return interrupts.exitCode() ?? exitCodeOf(report);
  } finally {
    stopWatching();
    interrupts.stop();
  }
}

function exitCodeOf({ status }: RunReport): number {
  if (status === "budget-exhausted") return EXIT.budgetExhausted;
  return status === "succeeded" ? EXIT.succeeded : EXIT.failed;
}

function sayHowToGoOn({ status, runDir }: RunReport, { stderr, env }: Io): void {
  if (status !== "budget-exhausted" || runDir === null) return;
  stderr.write(`Nothing that is done is paid for again. Once there is room: sheaf resume ${runDir}\n`);
  if ((env.SHEAF_BUDGET ?? "").trim() === "") return;
  stderr.write(
    "SHEAF_BUDGET is not kept with the run: set it for that, too, or what it says holds no longer.\n",
  );
}

interface Ended {
  readonly run: RunHandle;
  readonly report: RunReport;
  readonly flags: ShownAs;
  readonly io: Io;
}

async function readable({ run, report, flags, io: { stdout, env } }: Ended): Promise<string> {
  const events = await collectEvents(run);
  const options = { ...terminalLook(stdout, env), width: widthOf(stdout), events };
  const chart = flags.gantt === true ? `${ganttChart(report, options)}\n\n` : "";
  return `${chart}${summary(report, options)}`;
}

const MOST_TAILS = 5;

/** Prints the last words of the commands that failed. */
function sayStderr({ tasks, order }: RunReport, io: Io): void {
  const paint = palette(terminalLook(io.stderr, io.env));
  const tails = order.flatMap((id) => {
    const { failure } = tasks[id]!;
    const lines = failure === null ? null : stderrTail(failure);
    return lines === null ? [] : [{ id, lines }];
  });
  for (const { id, lines } of tails.slice(0, MOST_TAILS)) {
    io.stderr.write(`${paint.strong(id)} wrote to stderr:\n`);
    for (const line of lines) io.stderr.write(`  ${line}\n`);
    io.stderr.write("\n");
  }
  const more = tails.length - MOST_TAILS;
  if (more > 0)
    io.stderr.write(`${more} more failed commands wrote to stderr; their logs are kept with the run.\n\n`);
}
