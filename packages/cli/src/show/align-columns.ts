import stringWidth from "string-width";
import { padText } from "./fit-text.ts";

export interface ColumnOptions {
  /** Columns that are aligned to the right, counted from 0. */
  readonly right?: readonly number[];
  /** Spaces between two columns. @default 2 */
  readonly gap?: number;
}

/** Lays rows out in columns; escape codes for colour take no room. The last column is not filled up. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  { right = [], gap = 2 }: ColumnOptions = {},
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, stringWidth(cell));
    });
  }
  const between = " ".repeat(gap);
  return rows.map((row) =>
    row
      .map((cell, i) => padText(cell, widths[i]!, right.includes(i) ? "left" : "right"))
      .join(between)
      .trimEnd(),
  );
}
