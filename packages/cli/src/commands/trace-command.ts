import { readJournal } from "@sheaf/ledger";
import { drawGantt } from "../show/gantt-chart.ts";
import { traceRows } from "../show/gantt-rows.ts";
import { plainData } from "../show/plain-data.ts";
import { traceOf } from "../show/run-trace.ts";
import { terminalLook, widthOf } from "../show/terminal-look.ts";
import { traceData } from "../show/trace-summary.ts";
import { traceText } from "../show/trace-text.ts";
import { findRun } from "./find-run.ts";
import { EXIT, type Io } from "./io.ts";

export interface TraceFlags {
  readonly dir?: string;
  readonly json?: boolean;
  readonly gantt?: boolean;
  readonly verbose?: boolean;
}

/** Prints what happened in a run. */
export function traceCommand(run: string, flags: TraceFlags, io: Io): number {
  const { stdout, stderr, env } = io;
  const { events, torn } = readJournal(findRun(run, flags.dir, io).journal);
  if (torn) stderr.write("The last line of the journal was cut off and is left out.\n");
  const look = { ...terminalLook(stdout, env), width: widthOf(stdout) };
  const trace = traceOf(events);
  if (flags.json === true) {
    stdout.write(`${JSON.stringify(plainData(traceData(trace, events)), null, 2)}\n`);
    return EXIT.succeeded;
  }
  if (flags.gantt === true) {
    const rows = traceRows(
      trace,
      new Set(trace.finished?.criticalPath?.tasks ?? trace.planned?.criticalPath ?? []),
    );
    stdout.write(`${drawGantt(rows, trace.finished?.wallMs ?? trace.lastAt - trace.startedAt, look)}\n\n`);
  }
  stdout.write(`${traceText(events, { ...look, verbose: flags.verbose === true })}\n`);
  return EXIT.succeeded;
}
