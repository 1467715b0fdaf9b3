import type { TaskId } from "@sheaf/core";
import { formatUsd } from "@sheaf/ledger";
import stringWidth from "string-width";
import { formatAge } from "./duration.ts";
import { failureLine } from "./failure-text.ts";
import { fitText, oneLine, padText } from "./fit-text.ts";
import { countPhases, type LiveState, remainingMs, totalOf } from "./live-state.ts";
import { type Palette, palette } from "./palette.ts";
import { phaseOf } from "./run-trace.ts";

export interface BlockOptions {
  /** Columns and lines of the terminal. */
  readonly width: number;
  readonly height: number;
  readonly color: boolean;
  /** In ms since 1970. */
  readonly now: number;
}

const MOST_FAILURES = 3;
const LONGEST_NAME = 24;
const LOOKING = "looking for dependencies";

/** Returns the lines of the live view: how far the run is, what runs, what failed. None is wider than the terminal. */
export function liveBlock(state: LiveState, options: BlockOptions): readonly string[] {
  const paint = palette(options);
  const failures = failureLines(state, options, paint);
  // One line of the terminal stays free for the cursor.
  const room = Math.max(1, options.height - 2 - failures.length);
  return [
    headLine(state, options, paint),
    ...rowLines(state, { ...options, height: room }, paint),
    ...failures,
  ];
}

function headLine(state: LiveState, { width, now }: BlockOptions, paint: Palette): string {
  const { trace } = state;
  const age = padText(formatAge(trace.startedAt === 0 ? 0 : now - trace.startedAt), 6, "left");
  if (trace.planned === null && trace.tasks.size === 0)
    return fitText(`${age}  ${preparing(state)}`, width - 1);
  const counts = countPhases(state);
  const total = totalOf(trace);
  const done = counts.committed + counts.finished;
  const failed = counts.failed + counts.failing;
  const eta = remainingMs(state, now);
  const parts: readonly (readonly [string, (text: string) => string])[] = [
    [
      `${padText(String(done), String(total).length, "left")} of ${total} done`,
      done > 0 ? paint.good : paint.strong,
    ],
    ...(failed > 0 ? [[`${failed} failed`, paint.bad] as const] : []),
    ...(counts.skipped > 0 ? [[`${counts.skipped} skipped`, paint.warn] as const] : []),
    ...(counts.cancelled > 0 ? [[`${counts.cancelled} cancelled`, paint.warn] as const] : []),
    [`${counts.running} running`, paint.strong],
    [`${counts.waiting} waiting`, paint.faint],
    ...(state.calls > 0 ? [[costSoFar(state), paint.strong] as const] : []),
    ...(eta === null || eta < 1_000 ? [] : [[`about ${formatAge(eta)} left`, paint.faint] as const]),
    ...(counts.finished > 0 ? [[`${counts.finished} to publish`, paint.faint] as const] : []),
    ...(trace.planned === null ? [[LOOKING, paint.faint] as const] : []),
  ];
  let line = age;
  let columns = stringWidth(age);
  for (const [text, color] of parts) {
    columns += 2 + stringWidth(text);
    if (columns > width - 1) break;
    line += `  ${color(text)}`;
  }
  return line;
}

function preparing({ trace }: LiveState): string {
  const last = trace.general.at(-1)?.type;
  if (last === undefined) return "taking the directory";
  return last === "analysis.started" ? LOOKING : "preparing";
}

function costSoFar({ knownPico, calls, unpricedCalls }: LiveState): string {
  if (unpricedCalls === calls) return "cost unknown";
  return `${unpricedCalls > 0 ? "at least " : ""}${formatUsd(knownPico)}`;
}

function rowLines(state: LiveState, options: BlockOptions, paint: Palette): readonly string[] {
  const { rows, trace } = state;
  const shown = rows.length <= options.height ? rows : rows.slice(0, options.height - 1);
  const most = Math.min(LONGEST_NAME, Math.floor(options.width / 3));
  const nameWidth = Math.min(most, Math.max(4, trace.nameWidth));
  const lines = shown.map((id) => (id === null ? "" : rowLine(state, id, { ...options, nameWidth }, paint)));
  const hidden = rows.slice(shown.length).filter((id) => id !== null).length;
  return rows.length > shown.length ? [...lines, paint.faint(`        and ${hidden} more`)] : lines;
}

function rowLine(
  { trace }: LiveState,
  id: TaskId,
  { nameWidth, width, now }: BlockOptions & { readonly nameWidth: number },
  paint: Palette,
): string {
  const { started, said } = trace.tasks.get(id)!.attempts.at(-1)!;
  const age = padText(formatAge(now - started.at), 6, "left");
  const name = padText(fitText(id, nameWidth), nameWidth);
  const again = started.cause === "first" ? "" : `(${started.cause}) `;
  const last = said.at(-1);
  const fraction = last?.type === "attempt.progress" ? last.fraction : null;
  const percent = fraction === null ? "" : `${Math.round(100 * Math.min(1, Math.max(0, fraction)))}% `;
  const text = fitText(
    `${again}${percent}${oneLine(last?.message ?? "")}`,
    width - 1 - 6 - 2 - nameWidth - 2,
  );
  return `${age}  ${paint.strong(name)}  ${text}`.trimEnd();
}

function failureLines({ trace }: LiveState, { width }: BlockOptions, paint: Palette): readonly string[] {
  const failed = [...trace.tasks.values()].flatMap((task) => {
    const phase = phaseOf(task);
    if (phase !== "failed" && phase !== "failing") return [];
    const failure =
      task.end?.type === "task.failed" ? task.end.failure : task.attempts.at(-1)?.finished?.failure;
    return failure == null ? [] : [`${task.id}  ${failureLine(failure)}`];
  });
  return failed
    .slice(-MOST_FAILURES)
    .map((text) => `${paint.bad("failed")}  ${fitText(text, Math.max(1, width - 1 - 8))}`);
}
