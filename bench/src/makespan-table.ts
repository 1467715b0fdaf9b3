import type { MakespanRow } from "./makespan-row.ts";

/** A row, and a bound on the makespan that is closer than the row's. */
export interface BoundedRow extends MakespanRow {
  readonly tight: number;
}

const HEADINGS = ["file", "P", "bound", "tight", "optimum", "levels", "ready", "ready/opt", "ready/tight"];

/**
 * Renders rows as a table for people, with a line of averages for each number of processors: of `ready` and `levels`
 * over the optimum (where it is known), over the tight bound, and over the simple one.
 */
export function makespanTable(rows: readonly BoundedRow[]): string {
  const lines = rows.map((row) => [
    row.file,
    String(row.processors),
    amount(row.bound),
    amount(row.tight),
    row.optimum === null ? "-" : amount(row.optimum),
    amount(row.levels),
    amount(row.ready),
    row.optimum === null ? "-" : ratio(row.ready, row.optimum).toFixed(3),
    ratio(row.ready, row.tight).toFixed(3),
  ]);
  const widths = HEADINGS.map((heading, c) =>
    lines.reduce((most, cells) => Math.max(most, cells[c]!.length), heading.length),
  );
  const render = (cells: readonly string[]): string =>
    cells.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join("  ");
  return [render(HEADINGS), ...lines.map(render), "", ...averages(rows), ""].join("\n");
}

function averages(rows: readonly BoundedRow[]): string[] {
  const counts = [...new Set(rows.map((row) => row.processors))].sort((a, b) => a - b);
  return counts.flatMap((processors) => {
    const same = rows.filter((row) => row.processors === processors);
    const proven = same.flatMap((row) => (row.optimum === null ? [] : [{ ...row, reference: row.optimum }]));
    const lines = [
      averageLine(
        "tight bound",
        same.map((row) => ({ ...row, reference: row.tight })),
      ),
      averageLine(
        "bound",
        same.map((row) => ({ ...row, reference: row.bound })),
      ),
    ];
    if (proven.length > 0) lines.unshift(averageLine("optimum", proven));
    return lines.map((line) => `P=${processors}  ${line}`);
  });
}

function averageLine(name: string, rows: readonly (MakespanRow & { readonly reference: number })[]): string {
  const summary = (pick: (row: MakespanRow) => number): string => {
    const ratios = rows.map((row) => ratio(pick(row), row.reference));
    const mean = ratios.reduce((sum, value) => sum + value, 0) / ratios.length;
    return `mean ${mean.toFixed(4)} max ${Math.max(...ratios).toFixed(3)}`;
  };
  const files = rows.length === 1 ? "1 file" : `${rows.length} files`;
  return `over the ${name} (${files}): ready ${summary((row) => row.ready)}, levels ${summary((row) => row.levels)}`;
}

/** Nothing takes as long as nothing. */
function ratio(value: number, reference: number): number {
  return reference === 0 ? 1 : value / reference;
}

function amount(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}
