import { type HintFile, readHints, replaceHints } from "./hint-file.ts";

const MAX_KEYS = 10_000;
const MAX_MEASUREMENTS = 9;

/** Which work was, or is to be, measured. */
export interface MeasuredWork {
  readonly taskId: string;
  readonly agent: string;
}

/** How long tasks took in earlier runs, for the planner's estimates. A hint: nothing here ever throws. */
export interface Durations {
  /** Why the file counts as empty, or null when it was read or there is none yet. */
  readonly note: string | null;
  /** Median of the last nine measurements, in ms: of the same task and agent, else of the same agent, else null. */
  estimateMs(work: MeasuredWork): number | null;
  /** Adds the duration of a successful attempt, in ms. A figure that is negative or not finite is left out. */
  record(measured: MeasuredWork & { readonly latencyMs: number }): void;
  /**
   * Writes what was measured since the last save, all at once (temporary file, then rename), and returns null, or
   * what went wrong. Of two programs that share the file, the last one to save wins.
   */
  save(): string | null;
}

type Entry = readonly [key: string, latenciesMs: readonly number[]];

// A task id holds no line break, so the first one ends it. Without a task id the key is the agent's own.
const taskKey = ({ taskId, agent }: MeasuredWork): string => `${taskId}\n${agent}`;
const agentKey = ({ agent }: MeasuredWork): string => `\n${agent}`;

const isLatency = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;

const FILE: HintFile<readonly Entry[]> = {
  about: "Durations of earlier runs",
  schema: 1,
  member: "latenciesMs",
  accepts: (value): value is readonly Entry[] => Array.isArray(value) && value.every(isEntry),
};

/** Opens the durations kept in the file `path`, or in memory alone where that is null. */
export function openDurations(path: string | null): Durations {
  const { value, note } = path === null ? { value: null, note: null } : readHints(path, FILE);
  const latencies = new Map(value?.slice(-MAX_KEYS));
  let changed = false;
  const add = (key: string, latencyMs: number): void => {
    const kept = (latencies.get(key) ?? []).slice(1 - MAX_MEASUREMENTS);
    latencies.delete(key); // so that the map keeps the order of the last measurement, oldest first
    latencies.set(key, [...kept, latencyMs]);
    // Many at once: finding the first key of a map from which many have gone takes long.
    if (latencies.size > 2 * MAX_KEYS) dropOldest(latencies);
  };
  return {
    note,
    estimateMs: (work) => median(latencies.get(taskKey(work)) ?? latencies.get(agentKey(work)) ?? []),
    record(measured) {
      if (!isLatency(measured.latencyMs)) return;
      add(taskKey(measured), measured.latencyMs);
      add(agentKey(measured), measured.latencyMs);
      changed = true;
    },
    save() {
      if (path === null || !changed) return null;
      dropOldest(latencies);
      const problem = replaceHints(path, FILE, [...latencies]);
      changed = problem !== null;
      return problem;
    },
  };
}

function dropOldest(latencies: Map<string, readonly number[]>): void {
  for (const key of latencies.keys()) {
    if (latencies.size <= MAX_KEYS) return;
    latencies.delete(key);
  }
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] as number;
  const lower = sorted[(sorted.length - 1) >> 1] as number;
  return (lower + upper) / 2;
}

function isEntry(value: unknown): value is Entry {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [key, latencies] = value as [unknown, unknown];
  if (typeof key !== "string" || !Array.isArray(latencies)) return false;
  return latencies.length > 0 && latencies.length <= MAX_MEASUREMENTS && latencies.every(isLatency);
}
