import { nameSome } from "@sheaf/core";
import type { OutcomeLine, OutcomeTable } from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { amountText, usdText } from "./cost-text.ts";
import { BILL_COLUMNS, billCells, gapNotes, shownName, sinceText } from "./costs-text.ts";
import { formatCount } from "./counted.ts";
import { csv } from "./csv.ts";

/** Returns what attempts came to as a table, by task and agent; the cheapest agent of each task is marked. */
export function outcomesText(
  { lines, cheapest, total }: OutcomeTable,
  { since }: { readonly since: number | null },
): string {
  if (lines.length === 0) return `No attempts were recorded${sinceText(since)}.`;
  const isCheapest = cheapestIn(cheapest);
  const rows = lines.map((line) => [
    ...[shownName(line.task), shownName(line.agent)],
    ...[line.attempts, line.successes].map(formatCount),
    ...[amountText(line), successText(line, line.meanSuccessUsd), successText(line, line.usdPerSuccess)],
    isCheapest(line) ? "cheapest" : "",
  ]);
  const headings = ["task", "agent", "attempts", "successes", "cost", "mean success", "for a success", ""];
  const sum = (count: (line: OutcomeLine) => number): string =>
    formatCount(lines.reduce((all, line) => all + count(line), 0));
  const totals = [
    "total",
    "",
    sum((line) => line.attempts),
    sum((line) => line.successes),
    amountText(total),
  ];
  const unranked = cheapest.flatMap(({ task, agents }) => (agents.length === 0 ? [shownName(task)] : []));
  const notes = [
    ...gapNotes(total),
    ...(unranked.length === 0 ? [] : [`No agent has succeeded at a known cost: ${nameSome(unranked, 8)}.`]),
  ];
  return [
    `Outcomes and cost by task and agent${sinceText(since)}:`,
    "",
    ...alignColumns([headings, ...rows, [], totals], { right: [2, 3, 4, 5, 6] }),
    ...(notes.length === 0 ? [] : ["", ...notes]),
  ].join("\n");
}

const successText = ({ successes }: OutcomeLine, usd: number | null): string =>
  successes === 0 ? "-" : usdText(usd);

function cheapestIn(cheapest: OutcomeTable["cheapest"]): (line: OutcomeLine) => boolean {
  const agents = new Map(cheapest.map((each) => [each.task, each.agents]));
  return ({ task, agent }) => agents.get(task)?.includes(agent) === true;
}

/** Returns what attempts came to as CSV, without the total. */
export function outcomesCsv({ lines, cheapest }: OutcomeTable): string {
  const isCheapest = cheapestIn(cheapest);
  const headings = ["task", "agent", "attempts", "successes", "mean_success_usd", "usd_per_success"];
  return csv(
    [...headings, "cheapest", ...BILL_COLUMNS],
    lines.map((line) => [
      ...[line.task, line.agent, line.attempts, line.successes, line.meanSuccessUsd, line.usdPerSuccess],
      ...[isCheapest(line), ...billCells(line)],
    ]),
  );
}
