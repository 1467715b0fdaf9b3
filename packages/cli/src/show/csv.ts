type Cell = string | number | boolean | null;

/** Returns rows as CSV, the headings first; what is not known is an empty cell. Source: RFC 4180 */
export function csv(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [headings, ...rows].map((row) => row.map(cellText).join(",")).join("\n");
}

function cellText(cell: Cell): string {
  const text = cell === null ? "" : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
