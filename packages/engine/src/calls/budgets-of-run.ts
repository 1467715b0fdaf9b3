import { type Budget, nameSome } from "@sheaf/core";
import {
  ANALYSIS_HEADINGS,
  BudgetCircle,
  type CallHeadings,
  coversCall,
  type RemovedSpent,
  readBudgets,
  sayBudget,
  spentByRemoved,
  spentInJournals,
  UNKNOWN_ROUTE,
} from "@sheaf/ledger";
import type { RunRequest } from "../run/run-request.ts";
import { callHeadings } from "../tasks/cost-route.ts";
import { RunBudgets, type RunBudgetsOptions } from "./run-budgets.ts";

/** Runs of this process, by the folder of their state. */
const circles = new Map<string, BudgetCircle>();

/** What a run is to keep to, and what is known of it before its directory is taken. */
export interface WantedBudgets {
  readonly budgets: readonly Budget[];
  readonly removed: RemovedSpent;
}

/**
 * Returns what a run is to keep to: what is kept with its directory, and what it was given.
 *
 * @throws SheafError BUDGETS_DAMAGED
 */
export async function wantedBudgets(request: RunRequest): Promise<WantedBudgets> {
  const { stateDir, dir, settings, databaseUrl: url, clock } = request;
  const budgets = [...(stateDir === null ? [] : readBudgets(stateDir)), ...settings.budgets];
  if (stateDir === null) return { budgets, removed: { spent: [], problem: null } };
  return { budgets, removed: await spentByRemoved({ stateDir, dir, url, budgets, now: clock.now() }) };
}

/** Opens the budgets of a run: what others of its directory have spent counts in windows that outlast a run. */
export function openRunBudgets(
  request: RunRequest,
  { budgets, removed }: WantedBudgets,
  parts: Pick<RunBudgetsOptions, "before" | "emit" | "flush">,
): RunBudgets {
  const { stateDir, runId, clock, prices, tasks, works, settings } = request;
  const headings = tasks.map((task, i) => callHeadings(task, works[i]!, settings.routes));
  const limits = [...sayUnmetered(request, { budgets, headings }), ...sayUnlisted(request, budgets)];
  const shared = { ...parts, budgets, clock, prices, tasks: headings, notes: limits };
  if (stateDir === null || budgets.length === 0) return new RunBudgets(shared);
  for (const [dir, { isEmpty }] of circles) if (isEmpty) circles.delete(dir);
  const circle = circles.get(stateDir) ?? new BudgetCircle();
  circles.set(stateDir, circle);
  // Nothing may come between what is read and joining: what the others spend then is told by the circle.
  circle.flush();
  const isLive = (run: string): boolean => circle.has(run);
  const { spent, unread } = spentInJournals({ stateDir, budgets, now: clock.now(), except: runId, isLive });
  const notes = [...limits, ...(removed.problem === null ? [] : [removed.problem]), ...sayUnread(unread)];
  return new RunBudgets({ ...shared, spent: [...removed.spent, ...spent], circle, name: runId, notes });
}

function sayUnmetered(
  { tasks }: RunRequest,
  { budgets, headings }: { readonly budgets: readonly Budget[]; readonly headings: readonly CallHeadings[] },
): readonly string[] {
  const past = tasks.filter(
    ({ unmetered }, i) => unmetered === true && budgets.some((budget) => coversCall(budget, headings[i]!)),
  );
  if (past.length === 0) return [];
  const ids = nameSome(past.map(({ id }) => id));
  return [
    `Budgets do not hold what unmetered tasks ask of models, as nobody sees it; of that only what they tell counts: ${ids}`,
  ];
}

function sayUnlisted({ settings: { routes } }: RunRequest, budgets: readonly Budget[]): readonly string[] {
  return budgets
    .filter(({ route }) => route !== undefined && routes !== null && !routes.includes(route))
    .filter(({ route }) => route !== UNKNOWN_ROUTE && route !== ANALYSIS_HEADINGS.route)
    .map(
      (budget) =>
        `Nothing counts against the budget of ${sayBudget(budget)}: \`routes\` (SHEAF_ROUTES) does not list that route.`,
    );
}

const sayUnread = (unread: readonly string[]): readonly string[] =>
  unread.length === 0
    ? []
    : [
        `What these runs have spent does not count against budgets, as their journals are damaged: ${nameSome(unread)}`,
      ];
