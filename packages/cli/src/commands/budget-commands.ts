// The commands about budgets.
import { BUDGET_WINDOWS, systemClock } from "@sheaf/core";
import type { Command } from "commander";
import { type BudgetFlags, listBudgets, removeBudget, setBudget } from "./budget-command.ts";
import type { Io } from "./io.ts";

const BUDGET_NOTES = `
Examples:
  $ sheaf budget set 5usd --window month
  $ sheaf budget set 200000tokens --window run
  $ sheaf budget set 1usd --window day --route writing
  $ sheaf budget list
  $ sheaf budget remove --window month

A budget holds for all runs of a directory: what a model call may use is set aside before it is
made, and a call that has no room is not made. Then nothing new starts: the run ends with exit code
3, and goes on with more by sheaf resume. Days and months are those of the calendar in UTC, 24h the
last 24 hours, to the minute.

SHEAF_BUDGET has further ones, which hold beside those of the directory and are not kept with a run:
  SHEAF_BUDGET=2usd,200000tokens/day,9usd/month:route=writing sheaf run plan.yaml
`;

const LIST_NOTES = `
Those of SHEAF_BUDGET are shown beside those that are kept with the directory. Spent is what the
journals of the directory's runs tell, with what is set aside for calls that are under way or were
cut off; of runs that sheaf gc has removed it is what the index (sheaf costs) has kept, which does
not know the tags of tasks.
Each run begins its own window of that name: there nothing is shown.
`;

type Ended = (exitCode: number) => void;

/** Adds the commands that set, show and remove budgets. */
export function addBudgetCommands(program: Command, io: Io, ended: Ended): void {
  const budget = program
    .command("budget")
    .description("say what model calls may use")
    .addHelpText("after", BUDGET_NOTES);
  withScope(
    budget
      .command("set")
      .description("set a budget, in the place of the one of the same unit, window and heading"),
  )
    .argument("<limit>", "5usd or 200000tokens")
    .action((limit: string, flags: BudgetFlags) => ended(setBudget(limit, flags, io)));
  withScope(budget.command("remove").description("remove budgets of a window")).action((flags: BudgetFlags) =>
    ended(removeBudget(flags, io)),
  );
  withDir(budget.command("list").description("show each budget, what is spent of it, and where that leads"))
    .option("--json", "as JSON")
    .addHelpText("after", LIST_NOTES)
    .action(async (flags: BudgetFlags) => ended(await listBudgets(flags, { io, clock: systemClock })));
}

function withDir(command: Command): Command {
  return command.option("--dir <folder>", "the shared directory (default: the current one)");
}

function withScope(command: Command): Command {
  const window = command.createOption("--window <window>", "what it counts over");
  const route = command.createOption("--route <route>", "only calls under this route");
  return withDir(command)
    .addOption(window.choices(BUDGET_WINDOWS).makeOptionMandatory())
    .addOption(route.conflicts("tag"))
    .option("--tag <tag>", "only calls of tasks with this tag");
}
