import type { RunState } from "@sheaf/engine";
import { alignColumns } from "./align-columns.ts";
import { formatBytes } from "./bytes.ts";
import { counted } from "./counted.ts";

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
];
const MOST_PARTS = 3;

/** Says how long ago something was: "3 days", "5 hours", "1 minute", "1 second" where it is less. */
export function formatAgo(ms: number): string {
  const [unitMs, name] = UNITS.find(([unit]) => ms >= unit) ?? [1_000, "second"];
  return counted(Math.max(1, Math.floor(ms / unitMs)), name);
}

/** Returns one line for each run: id, how it ended, how long ago, size, and the largest parts of that. */
export function stateTable(runs: readonly RunState[], now: number): readonly string[] {
  const rows = runs.map(({ id, status, lastAt, bytes, parts }) => [
    id,
    status,
    lastAt === null ? "" : formatAgo(now - lastAt),
    formatBytes(bytes),
    largest(parts),
  ]);
  return alignColumns(rows, { right: [2, 3] });
}

function largest(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .filter(([, bytes]) => bytes > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_PARTS)
    .map(([name, bytes]) => `${name} ${formatBytes(bytes)}`)
    .join(", ");
}
