import { type Budget, nameSome } from "@sheaf/core";
import { BudgetCircle, readBudgets, spentInJournals } from "@sheaf/ledger";
import { ownTags } from "../plan/scheduler-plan.ts";
import type { RunRequest } from "../run/run-request.ts";
import { RunBudgets, type RunBudgetsOptions } from "./run-budgets.ts";

/** Runs of this process, by the folder of their state. */
const circles = new Map<string, BudgetCircle>();

/**
 * Returns what a run is to keep to: what is kept with its directory, and what it was given.
 *
 * @throws SheafError BUDGETS_DAMAGED
 */
export const wantedBudgets = ({ stateDir, settings }: RunRequest): readonly Budget[] => [
  ...(stateDir === null ? [] : readBudgets(stateDir)),
  ...settings.budgets,
];

/** Opens the budgets of a run: what others of its directory have spent counts in windows that outlast a run. */
export function openRunBudgets(
  request: RunRequest,
  parts: Pick<RunBudgetsOptions, "budgets" | "before" | "emit" | "flush">,
): RunBudgets {
  const { stateDir, runId, clock, prices, tasks, works } = request;
  const { budgets } = parts;
  const headings = tasks.map((task, i) => ({
    route: task.route ?? "unknown",
    tags: ownTags(task, works[i]!),
  }));
  const shared = { ...parts, clock, prices, tasks: headings };
  if (stateDir === null || budgets.length === 0) return new RunBudgets(shared);
  for (const [dir, { isEmpty }] of circles) if (isEmpty) circles.delete(dir);
  const circle = circles.get(stateDir) ?? new BudgetCircle();
  circles.set(stateDir, circle);
  circle.flush();
  const { spent, unread } = spentInJournals({ stateDir, budgets, now: clock.now(), except: runId });
  const notes =
    unread.length === 0
      ? []
      : [
          `What these runs have spent does not count against budgets, as their journals are damaged: ${nameSome(unread)}`,
        ];
  return new RunBudgets({ ...shared, spent, circle, notes });
}
