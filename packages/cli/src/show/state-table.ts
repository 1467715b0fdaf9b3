import type { RunState } from "@sheaf/engine";
import { alignColumns } from "./align-columns.ts";
import { formatBytes } from "./bytes.ts";

const DAY_MS = 86_400_000;
const MOST_PARTS = 3;

/** Says how long ago something was: "3 days", "5 hours", "a minute". */
export function formatAgo(ms: number): string {
  const [count, unit] =
    ms >= DAY_MS
      ? [ms / DAY_MS, "day"]
      : ms >= 3_600_000
        ? [ms / 3_600_000, "hour"]
        : [Math.max(1, ms / 60_000), "minute"];
  const whole = Math.floor(count);
  return `${whole} ${unit}${whole === 1 ? "" : "s"}`;
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
