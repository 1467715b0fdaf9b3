import { type Budget, type Clock, SheafError } from "@sheaf/core";
import { readSettings } from "@sheaf/engine";
import {
  budgetProblem,
  budgetsFile,
  isSameBudget,
  keepBudgets,
  LIMIT_TEXT,
  openBudgets,
  parseLimit,
  readBudgets,
  sayBudget,
  spentByRemoved,
  spentInJournals,
} from "@sheaf/ledger";
import { type BudgetRow, budgetTable } from "../show/budget-table.ts";
import { shownName } from "../show/costs-text.ts";
import { counted } from "../show/counted.ts";
import { EXIT, type Io } from "./io.ts";
import { serverOf } from "./open-history.ts";
import { statePlace } from "./state-place.ts";

export interface BudgetFlags {
  readonly dir?: string;
  readonly window?: string;
  readonly route?: string;
  readonly tag?: string;
  readonly json?: boolean;
}

/** Keeps a budget with the directory, in the place of one about the same. */
export function setBudget(text: string, flags: BudgetFlags, io: Io): number {
  const limit = parseLimit(text);
  const budget = { limit, window: flags.window, ...headingOf(flags) };
  if (limit === undefined || budgetProblem(budget) !== undefined) {
    throw new SheafError("OPTION_INVALID", { option: "limit", expected: LIMIT_TEXT, got: text });
  }
  return keepBudget(budget as Budget, flags, io);
}

function keepBudget(budget: Budget, flags: BudgetFlags, io: Io): number {
  const { stateDir } = statePlace(flags.dir, io);
  const kept = readBudgets(stateDir);
  const before = kept.find((each) => isSameBudget(each, budget));
  keepBudgets(stateDir, [...kept.filter((each) => each !== before), budget]);
  const replaced = before === undefined ? "" : `; before: ${sayBudget(before)}`;
  io.stdout.write(`Set: ${shownName(sayBudget(budget) + replaced)}\n`);
  return EXIT.succeeded;
}

/** Removes the budgets of a window, under the heading that is named, or under none. */
export function removeBudget(flags: BudgetFlags, io: Io): number {
  const { window } = flags;
  const { route, tag } = headingOf(flags);
  const { dir, stateDir } = statePlace(flags.dir, io);
  const kept = readBudgets(stateDir);
  const isMeant = (each: Budget): boolean =>
    each.window === window && each.route === route && each.tag === tag;
  const removed = kept.filter(isMeant);
  if (removed.length === 0) {
    const there = kept.length === 0 ? "none is set" : shownName(kept.map(sayBudget).join(", "));
    throw new SheafError("OPTION_INVALID", {
      option: "--window",
      expected: `the window (with --route or --tag) of a budget that is set in ${dir} (${there})`,
      got: [window, route, tag].filter((each) => each !== undefined).join(" "),
    });
  }
  keepBudgets(
    stateDir,
    kept.filter((each) => !isMeant(each)),
  );
  for (const each of removed) io.stdout.write(`Removed: ${shownName(sayBudget(each))}\n`);
  return EXIT.succeeded;
}

function headingOf({ route, tag }: BudgetFlags): Pick<Budget, "route" | "tag"> {
  for (const [name, heading] of Object.entries({ route, tag })) {
    if (heading?.trim() !== "") continue;
    throw new SheafError("OPTION_INVALID", {
      option: `--${name}`,
      expected: `the name of a ${name}`,
      got: heading,
    });
  }
  return { ...(route === undefined ? {} : { route }), ...(tag === undefined ? {} : { tag }) };
}

/** Prints each budget of the directory, and of SHEAF_BUDGET, with what is spent of it. */
export async function listBudgets(
  flags: BudgetFlags,
  { io, clock }: { readonly io: Io; readonly clock: Pick<Clock, "now"> },
): Promise<number> {
  const { dir, stateDir } = statePlace(flags.dir, io);
  const kept = readBudgets(stateDir);
  const budgets = [...kept, ...readSettings({}, io.env).settings.budgets];
  const asked = { stateDir, dir, budgets, now: clock.now() };
  const removed = await spentByRemoved({ ...asked, url: serverOf(io) ?? null });
  if (removed.problem !== null) io.stderr.write(`${removed.problem}\n`);
  const { spent, unread } = spentInJournals(asked);
  const standing = openBudgets({ budgets, spent: [...removed.spent, ...spent], clock }).standing();
  // What is set aside for calls under way is among what is spent, and no run is meant here.
  const rows = standing.map(({ held: _, left: __, ...told }, i): BudgetRow => {
    const row = { ...told, from: i < kept.length ? ("directory" as const) : ("SHEAF_BUDGET" as const) };
    return row.budget.window === "run" ? { ...row, spent: null, unknownCalls: null, projection: null } : row;
  });
  if (flags.json === true) {
    const contents = { dir, file: budgetsFile(stateDir), budgets: rows, unread };
    io.stdout.write(`${JSON.stringify(contents, null, 2)}\n`);
    return EXIT.succeeded;
  }
  if (rows.length === 0)
    io.stdout.write(`No budgets are set for ${dir}. Set one: sheaf budget set 5usd --window month\n`);
  for (const line of rows.length === 0 ? [] : budgetTable(rows)) io.stdout.write(`${line}\n`);
  if (unread.length > 0) {
    io.stderr.write(
      `What ${counted(unread.length, "run")} spent is not in it: no journal to read in ${unread.join(", ")}\n`,
    );
  }
  return EXIT.succeeded;
}
