import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The time over which the calls of the journal are spread, in ms. */
export const SPAN_MS: number = 24 * 3_600_000;
const CALLS_A_TASK = 5;
const MODELS = 6;
const AGENTS = 8;
const ROUTES = 5;
const PIECE = 1024 * 1024;

export interface LongJournal {
  readonly events: number;
  readonly calls: number;
  /** Of the last event, in ms since 1970. */
  readonly endAt: number;
  readonly path: string;
}

/** Writes the journal of a run whose tasks make five calls each; of every ten tasks one fails and one conflicts. */
export function writeLongJournal(stateDir: string, calls: number): LongJournal {
  const path = join(stateDir, "runs/long/journal.ndjson");
  mkdirSync(join(stateDir, "runs/long"), { recursive: true });
  const file = openSync(path, "w");
  const beginAt = Date.UTC(2026, 0, 1);
  let events = 0;
  let made = 0;
  let text = "";
  const put = (fields: object): void => {
    const at = beginAt + Math.floor((SPAN_MS * made) / calls);
    text += `${JSON.stringify({ seq: events++, at, runId: "long", ...fields })}\n`;
    if (text.length < PIECE) return;
    writeSync(file, text);
    text = "";
  };
  for (let task = 0; made < calls; task++) {
    const named = { taskId: `task-${task}`, attempt: 1 };
    const heading = { agent: `agent-${task % AGENTS}`, route: `route-${task % ROUTES}` };
    put({ type: "attempt.started", ...named, ...heading, cause: "first", executor: "thread" });
    for (let i = 0; i < CALLS_A_TASK && made < calls; i++, made++) {
      put({ type: "attempt.usage", ...named, usage: usageOf(task + i) });
    }
    put({ type: "attempt.finished", ...named, ...finishOf(task) });
    put({ type: endOf(task), ...named });
  }
  writeSync(file, text);
  closeSync(file);
  return { events, calls, endAt: beginAt + SPAN_MS, path };
}

function usageOf(n: number) {
  return {
    ...{ model: `model-${n % MODELS}`, provider: "someone", costUsd: (n % 1_000) / 1e6 },
    ...{ inputTokens: 1_000 + (n % 77), cachedInputTokens: n % 500, outputTokens: 100 + (n % 13) },
  };
}

function finishOf(task: number) {
  const resources = {
    latencyMs: 1_000 + task,
    queueMs: 1,
    cpuMs: null,
    peakMemoryMiB: 30,
    vramPeakMiB: null,
  };
  return {
    ...{ status: task % 10 === 0 ? "failed" : "succeeded", failure: null, because: null },
    ...{ resources: { ...resources, modelLoads: 0 }, output: null, changed: [] },
  };
}

const endOf = (task: number): string =>
  task % 10 === 0 ? "task.failed" : task % 10 === 1 ? "task.conflicted" : "task.committed";
