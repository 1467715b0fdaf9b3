import { NOISY_DRIFT } from "../measure/contest.ts";
import type { Row, Table } from "../show/table.ts";
import { type HeldContest, perTaskUs } from "./held-contest.ts";

/** Makes the table of all contests; `found` are sentences about what the figures say together. */
export function overheadTable(contests: readonly HeldContest[], found: readonly string[]): Table {
  return {
    title: "Overhead: tasks that do nothing",
    columns: [
      { key: "what", heading: "what" },
      { key: "by", heading: "by" },
      { key: "cpuUs", heading: "CPU us a task", digits: 1 },
      { key: "wallUs", heading: "wall us a task", digits: 1 },
      { key: "cpuRatio", heading: "CPU ratio", digits: 2 },
      { key: "wallRatio", heading: "wall ratio", digits: 2 },
      { key: "drift", heading: "drift", digits: 2 },
    ],
    rows: contests.flatMap(rowsOf),
    notes: [
      "Ratios: of a task, to the first line of the group in the same round; drift: the slowest round of that line over its fastest.",
      ...contests.flatMap(sayNoisy),
      ...contests.flatMap(sayOnce),
      ...found,
    ],
  };
}

function rowsOf(contest: HeldContest): Row[] {
  const { what, yardstick, tasks, result } = contest;
  return result.standings.flatMap((standing) => {
    const { name, cpuRatio, wallRatio } = standing;
    const each = perTaskUs(contest, standing);
    if (each === null) return [];
    // Ratios are of whole runs, and one of them may have had more tasks.
    const share = tasks[yardstick]! / tasks[name]!;
    const compared =
      name === yardstick
        ? { drift: result.drift }
        : { cpuRatio: share * cpuRatio.median, wallRatio: share * wallRatio.median };
    return [{ what, by: name, ...each, ...compared }];
  });
}

function sayNoisy({ what, result }: HeldContest): string[] {
  return result.drift > NOISY_DRIFT
    ? [`noisy: ${what}, as its first line drifted by more than ${NOISY_DRIFT}.`]
    : [];
}

function sayOnce(contest: HeldContest): string[] {
  const once = contest.result.standings.filter(({ name }) => contest.tasks[name] === undefined);
  if (once.length === 0) return [];
  const said = once.map(
    ({ name, cpuMs, wallMs }) => `${name} ${wallMs.median.toFixed(0)} ms (CPU ${cpuMs.median.toFixed(0)} ms)`,
  );
  return [`Once, and not in these figures, ${contest.what}: ${said.join("; ")}.`];
}
