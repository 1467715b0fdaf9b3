/** One column of a table. */
export interface Column {
  /** Name of its cells in a row. */
  readonly key: string;
  readonly heading: string;
  /** Digits after the point. */
  readonly digits?: number;
}

export type Row = Readonly<Record<string, string | number | null>>;

/** Figures for people and for programs. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Sentences that belong to the figures. */
  readonly notes: readonly string[];
}

/** Renders a table in aligned columns; text stands to the left, figures to the right. */
export function textTable(table: Table): string {
  const cells = [
    table.columns.map(({ heading }) => heading),
    ...table.rows.map((row) => cellsOf(table, row)),
  ];
  const widths = table.columns.map((_, c) => Math.max(...cells.map((line) => line[c]!.length)));
  const left = leftColumns(table);
  const lines = cells.map((line) =>
    line
      .map((cell, c) => (left[c] ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join("  ")
      .trimEnd(),
  );
  return [table.title, "", ...lines, ...(table.notes.length > 0 ? ["", ...table.notes] : []), ""].join("\n");
}

/** Renders a table as Markdown, without its title. */
export function markdownTable(table: Table): string {
  const left = leftColumns(table);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(table.columns.map(({ heading }) => heading)),
    `|${left.map((isLeft) => (isLeft ? "---" : "--:")).join("|")}|`,
    ...table.rows.map((row) => line(cellsOf(table, row))),
    ...table.notes.flatMap((note) => ["", note]),
    "",
  ].join("\n");
}

function cellsOf({ columns }: Table, row: Row): string[] {
  return columns.map(({ key, digits = 0 }) => {
    const value = row[key] ?? null;
    if (value === null) return "-";
    return typeof value === "string" ? value : figure(value, digits);
  });
}

function figure(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "-";
}

function leftColumns({ columns, rows }: Table): readonly boolean[] {
  return columns.map(({ key }) => rows.some((row) => typeof row[key] === "string"));
}
