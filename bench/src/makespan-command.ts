import { BadInput } from "./bad-input.ts";
import { loadWorkflows } from "./load-workflows.ts";
import { makespanArguments } from "./makespan-arguments.ts";
import { makespanRow } from "./makespan-row.ts";
import { makespanTable } from "./makespan-table.ts";
import { readOptima } from "./optimum.ts";
import { tightBound } from "./tight-bound.ts";

/** Where a command writes; `process` is one. */
export interface CommandOutput {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Computes, without running anything, what `bench:makespan` is asked for and writes it to stdout. Returns the exit
 * code: 2, with a sentence on stderr and nothing on stdout, when the input cannot be used.
 */
export function makespanCommand(args: readonly string[], output: CommandOutput): number {
  const note = (sentence: string): void => {
    output.stderr.write(`${sentence}\n`);
  };
  try {
    output.stdout.write(report(args, note));
    return 0;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    note(error.message);
    return 2;
  }
}

function report(args: readonly string[], note: (sentence: string) => void): string {
  const { files, processors, optimum, estimates, json } = makespanArguments(args);
  const optima = readOptima(optimum);
  const computed = loadWorkflows(files, note).flatMap((workflow) =>
    processors.map((count) => ({ workflow, row: makespanRow(workflow, count, { optima, estimates }) })),
  );
  if (json) return `[\n${computed.map(({ row }) => `  ${JSON.stringify(row)}`).join(",\n")}\n]\n`;
  return makespanTable(
    computed.map(({ workflow, row }) => ({
      ...row,
      tight: tightBound(workflow.graph, workflow.durations, row.processors),
    })),
  );
}
