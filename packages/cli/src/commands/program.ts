import { VERSION } from "@sheaf/engine";
import { Command } from "commander";
import { addBudgetCommands } from "./budget-commands.ts";
import { addHistoryCommands } from "./history-commands.ts";
import type { Io } from "./io.ts";
import { type PlanCommandFlags, planCommand } from "./plan-command.ts";
import { type RunFlags, runCommand } from "./run-command.ts";
import { addSettingFlags } from "./setting-flags.ts";
import { addStateCommands } from "./state-commands.ts";
import { type TraceFlags, traceCommand } from "./trace-command.ts";

const OVERVIEW = `
Examples:
  $ sheaf plan plan.yaml            what would run side by side, and why
  $ sheaf run plan.yaml             run it in the current directory
  $ sheaf trace latest              what happened
  $ sheaf resume latest             go on with a run that was cut off

A plan is YAML or JSON:
  tasks:
    - id: fetch
      run: curl -so data.csv https://example.org/data.csv
      writes: [data.csv]
    - id: fit
      run: python fit.py data.csv > fit.txt
      reads: [fit.py, data.csv]
      writes: [fit.txt]
`;

const RUN_NOTES = `
Examples:
  $ sheaf run plan.yaml
  $ sheaf run plan.yaml --dir ./paper --workers 8
  $ sheaf run answer.json --agent ./agents.mjs         a planner's answer; one agent does all its steps
  $ sheaf run plan.yaml --agent engineer=./agents.mjs#engineer
  $ planner | sheaf run -                              the plan from standard input
  $ sheaf run plan.yaml --json > report.json

A plan may also hold:
  dir: ./paper                        the shared directory, relative to the plan
  agents:
    engineer: ./agents.mjs#engineer   an ES module (.mjs, .js, .ts) and its export
  options:
    maxWorkers: 8                     any setting by its name in code

Flags win over the plan's options, these over SHEAF_* variables, these over defaults.
For completion in an editor, put this first into a plan:
  # yaml-language-server: $schema=./node_modules/sheaf/plan.schema.json

Exit code: 0 when all tasks succeeded, 1 when some did not, 2 when the run could not
begin, 3 when it stopped to keep within a budget, 130 after Ctrl-C. The first Ctrl-C ends the run
in good order, the second at once.
`;

const PLAN_NOTES = `
Examples:
  $ sheaf plan plan.yaml
  $ sheaf plan plan.yaml --dot | dot -Tsvg > plan.svg
  $ sheaf plan plan.yaml --mermaid >> README.md
  $ sheaf plan plan.yaml --cost     what it will cost, by earlier runs
  $ sheaf plan plan.yaml --edit     what you correct holds for later plans and runs of the directory

Nothing is run. Where a model is configured (OPENAI_API_KEY, or SHEAF_MODEL_BASE_URL) it is
asked about tasks that declare nothing, as in a run; SHEAF_USE_LLM_DEPS=false prevents it.
`;

const TRACE_NOTES = `
RUN is the id of a run, the beginning of one, "latest", or the folder of a run.

Examples:
  $ sheaf trace
  $ sheaf trace 20260131-1402 --dir ./paper --gantt
`;

const gather = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Makes the command line. `ended` is told the exit code of the command that was run. */
export function createProgram(io: Io, ended: (exitCode: number) => void): Command {
  const program = new Command("sheaf")
    .description(
      "Runs an ordered list of agent tasks in parallel and leaves what running them in order would have left.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .option("--debug", "where an error of Sheaf's own comes from, in the code")
    .addHelpText("after", OVERVIEW)
    .showHelpAfterError("Try `sheaf --help`.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => Math.min(110, io.stdout.columns ?? 100),
    });
  addRun(program, io, ended);
  addPlan(program, io, ended);
  addTrace(program, io, ended);
  addHistoryCommands(program, io, ended);
  addStateCommands(program, io, ended);
  addBudgetCommands(program, io, ended);
  return program;
}

type Ended = (exitCode: number) => void;

function withPlanFlags(command: Command): Command {
  return addSettingFlags(
    command
      .option("--max-usd <amount>", "refuse when the forecast of the cost (p90) is over this")
      .argument("<plan>", 'plan file, YAML or JSON; "-" for standard input')
      .option("--dir <folder>", "the shared directory (default: the plan's, else the current one)")
      .option(
        "--agent <[name=]module[#export]>",
        "who does the tasks of this agent, or of all that nobody named",
        gather,
      ),
  );
}

function addRun(program: Command, io: Io, ended: Ended): void {
  withPlanFlags(program.command("run").description("run a plan"))
    .option("--run-id <id>", "name of the run (default: made of the time)")
    .option("--json", "print the report as JSON, outputs included")
    .option("--gantt", "also draw when each task ran")
    .option("--quiet", "no progress")
    .option("--verbose", "progress as lines, with what agents say and what tasks wait for")
    .option("--no-trace", "keep no journal on disk")
    .addHelpText("after", RUN_NOTES)
    .action(async (plan: string, flags: RunFlags) => ended(await runCommand(plan, flags, io)));
}

function addPlan(program: Command, io: Io, ended: Ended): void {
  const command = withPlanFlags(program.command("plan").description("show what a run would do"));
  const others = { dot: ["mermaid", "json", "cost"], mermaid: ["json", "cost"] };
  command
    .addOption(command.createOption("--dot", "the graph for Graphviz").conflicts(others.dot))
    .addOption(command.createOption("--mermaid", "the graph for Mermaid").conflicts(others.mermaid))
    .option("--json", "the plan as JSON")
    .option("--cost", "also what it will cost and take, by earlier runs of the directory")
    .option("--edit", "first correct, in your editor, the dependencies that were found")
    .addHelpText("after", PLAN_NOTES)
    .action(async (plan: string, flags: PlanCommandFlags) => ended(await planCommand(plan, flags, io)));
}

function addTrace(program: Command, io: Io, ended: Ended): void {
  program
    .command("trace")
    .description("show what happened in a run")
    .argument("[run]", "which run", "latest")
    .option("--dir <folder>", "the shared directory of the run (default: the current one)")
    .option("--json", "as JSON")
    .option("--gantt", "also draw when each task ran")
    .option("--verbose", "also what agents said, and each model call")
    .addHelpText("after", TRACE_NOTES)
    .action((run: string, flags: TraceFlags) => ended(traceCommand(run, flags, io)));
}
