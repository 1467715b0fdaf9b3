// The commands that ask the history of many runs.
import { systemClock } from "@sheaf/core";
import { COST_HEADINGS, ROUTE_WINDOWS } from "@sheaf/ledger";
import type { Command } from "commander";
import { BY_OUTCOME, type CostsFlags, costsCommand } from "./costs-command.ts";
import type { Io } from "./io.ts";
import { type RunsFlags, runsCommand } from "./runs-command.ts";

const COSTS_NOTES = `
Examples:
  $ sheaf costs                              by model, over all runs
  $ sheaf costs --by class --since 24h       what the last 24 hours went for
  $ sheaf costs --by route --window month    what each route has come to this month
  $ sheaf costs --by day --since 2026-11-01 --csv > november.csv
  $ sheaf costs --by agent --json | jq '.lines[] | select(.partial)'
  $ sheaf costs --by task,agent              which agent succeeds at a task for the least

By route every route is shown, also without calls: those of SHEAF_ROUTES and no others, else those
that tasks have named or the last run knew; with its attempts, how many of them failed, and how many
came again: those that were not the first of their task in a session of the run.

A call of which no price is known makes its line "at least", or unknown; it never counts as free.
Days, and dates and months, are those of UTC. What runs had cost whose state \`sheaf gc\` has removed
still counts.

By task,agent it says how many attempts there were and how many of them were committed: the
successes. "for a success" is what all attempts cost, failed ones too, for each success; the agent
with the least is the cheapest. --since then asks for attempts that were started since.
`;

const RUNS_NOTES = `
Examples:
  $ sheaf runs
  $ sheaf runs --since 7d --json | jq '.runs[] | select(.status != "succeeded")'

"unfinished" is a run that is under way, or was killed; "removed" one whose state \`sheaf gc\` has removed.
`;

type Ended = (exitCode: number) => void;

/** Adds the commands over the history of runs. */
export function addHistoryCommands(program: Command, io: Io, ended: Ended): void {
  asked(program.command("costs").description("show what runs have cost"), "only calls since then")
    .option("--by <heading>", `${COST_HEADINGS.join(", ")} (default: model), or ${BY_OUTCOME}`)
    .addOption(
      program
        .createOption("--window <window>", `only calls in it: ${ROUTE_WINDOWS.join(", ")}`)
        .conflicts("since"),
    )
    .addHelpText("after", COSTS_NOTES)
    .action(async (flags: CostsFlags) => ended(await costsCommand(flags, { io, now: systemClock.now() })));
  asked(program.command("runs").description("list runs, the latest first"), "only runs that began since then")
    .option("--last <n>", "so many runs (default: 20, and all with --since, --csv or --json)")
    .addHelpText("after", RUNS_NOTES)
    .action(async (flags: RunsFlags) => ended(await runsCommand(flags, { io, now: systemClock.now() })));
}

function asked(command: Command, what: string): Command {
  return command
    .option("--dir <folder>", "the shared directory (default: the current one)")
    .option("--since <when>", `${what}: 24h, 7d, 2026-11-01`)
    .addOption(command.createOption("--csv", "as CSV").conflicts("json"))
    .option("--json", "as JSON");
}
