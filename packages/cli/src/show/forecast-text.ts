import { nameSome } from "@sheaf/core";
import {
  formatUsd,
  picoToUsd,
  type RunFigure,
  type RunForecast,
  type Spread,
  type TaskForecast,
} from "@sheaf/ledger";
import { alignColumns } from "./align-columns.ts";
import { formatCount } from "./counted.ts";
import { formatDuration } from "./duration.ts";
import { wrapText } from "./fit-text.ts";
import { palette } from "./palette.ts";

/** Tasks with lines of their own. */
const MOST_TASKS = 60;

/** Returns a forecast as a table: half of the cases stay below the first figure, nine of ten below the second. */
export function forecastText(
  forecast: RunForecast,
  { width, color }: { readonly width: number; readonly color: boolean },
): string {
  const { tasks, tokens, pico, makespanMs } = forecast;
  const rest = tasks.length - MOST_TASKS;
  const rows = [
    ["", "cost", "p90", "tokens", "p90", "time", "p90", "known from"],
    ...tasks
      .slice(0, MOST_TASKS)
      .map((task) => [
        task.id,
        ...spreadText(task.pico, formatUsd),
        ...spreadText(task.tokens, formatCount),
        ...spreadText(task.ms, formatDuration),
        originText(task),
      ]),
    ...(rest > 0 ? [[`and ${formatCount(rest)} more; --json shows all`]] : []),
    [],
    [
      "run",
      ...spreadText(pico, formatUsd),
      ...spreadText(tokens, formatCount),
      ...spreadText(makespanMs, formatDuration),
    ],
  ];
  const lines = alignColumns(rows, { right: [1, 2, 3, 4, 5, 6] });
  const notes = [costSentence(forecast), timeSentence(makespanMs)].flatMap((text) =>
    wrapText(text, width - 2),
  );
  return [
    palette({ color }).strong("Forecast"),
    ...[...lines, "", ...notes].map((line) => `  ${line}`.trimEnd()),
  ].join("\n");
}

/** Says what a run will cost, and what of that is not known. */
export function costSentence({ tasks, pico }: RunForecast): string {
  if (pico.unknown.length === tasks.length && tasks.length > 0 && pico.p90 === 0n) {
    return "What the run will cost is unknown: no earlier run of this directory tells what its tasks cost.";
  }
  const { p50, p90 } = { p50: formatUsd(pico.p50), p90: formatUsd(pico.p90) };
  return `The run is expected to cost ${p50}, and at most ${p90} in nine of ten cases${butFor(pico)}.`;
}

function timeSentence(makespan: RunFigure<number>): string {
  return `Time is with the workers of the plan, without limits by tag${butFor(makespan)}.`;
}

const butFor = ({ unknown }: RunFigure<unknown>): string =>
  unknown.length === 0 ? "" : `, and without what is unknown of ${nameSome(unknown, 8)}`;

function spreadText<Value>(
  spread: Spread<Value> | null,
  text: (value: Value) => string,
): readonly [string, string] {
  return spread === null ? ["unknown", ""] : [text(spread.p50), text(spread.p90)];
}

function originText({ from, samples, msFrom }: TaskForecast): string {
  const runs = samples === 1 ? "1 run" : `${samples} runs`;
  switch (from) {
    case "task":
      return runs;
    case "agent":
      return `its agent, ${samples === 1 ? "1 task" : `${samples} tasks`}`;
    case "none":
      return msFrom === "unknown" ? "" : `time ${msFrom}`;
    default:
      return from satisfies never;
  }
}

/** Returns a forecast as plain data, costs in USD. */
export function forecastData({ tasks, pico, ...run }: RunForecast): Record<string, unknown> {
  return {
    ...run,
    costUsd: { ...inUsd(pico), unknown: pico.unknown },
    tasks: tasks.map(({ pico: cost, ...task }) => ({ ...task, costUsd: cost === null ? null : inUsd(cost) })),
  };
}

const inUsd = ({ p50, p90 }: Spread<bigint>): Spread<number> => ({
  p50: picoToUsd(p50),
  p90: picoToUsd(p90),
});
