import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Analysis, analyze } from "@sheaf/analyzer";
import type { AnswerFlaw, Edge, EdgeSource } from "@sheaf/core";
import type { Learned } from "@sheaf/ledger";
import { policiesOf } from "@sheaf/workdir";
import type { Settings } from "../config/settings.ts";
import type { RunRequest } from "./run-request.ts";
import { taskDefinition } from "./task-definition.ts";

/** Whom the analysis asks: nobody without a server or a key. */
function modelOf(settings: Settings) {
  const { modelApiKey: apiKey, modelBaseUrl, model, analysisTimeoutMs: timeoutMs } = settings;
  const { modelTemperature: temperature, modelEffort: effort } = settings;
  if (apiKey === null && modelBaseUrl === null) return null;
  return {
    // A server of one's own often wants no key, but the client insists on some text.
    apiKey: apiKey ?? "none",
    model,
    timeoutMs,
    ...(modelBaseUrl === null ? {} : { baseUrl: modelBaseUrl }),
    ...(temperature === null ? {} : { temperature }),
    ...(effort === null ? {} : { effort }),
  };
}

/** Finds the edges of a run. In sequential mode no model is paid: nothing would come of its answer. */
export async function analyzeRun(
  request: RunRequest,
  learned: Learned,
  signal: AbortSignal,
): Promise<Analysis> {
  const { tasks, works, settings, dir, stateDir } = request;
  const workOf = new Map(tasks.map((task, i) => [task.id, works[i]!]));
  const { useLlmDeps, autoDetectDeps, mode } = settings;
  const policies = policiesOf(settings.policies);
  const asks = useLlmDeps !== false && autoDetectDeps && mode !== "sequential";
  const analysis = await analyze({
    tasks,
    autoDetect: autoDetectDeps,
    isAppended: (glob) => policies.of(glob) === "append",
    ...(dir === null ? {} : { exists: (path) => existsSync(join(dir, path)) }),
    askModel: asks ? (useLlmDeps === "always" ? "always" : "when-needed") : "never",
    learned: (task) => learned.find(taskDefinition(task, workOf.get(task.id)!)),
    model: modelOf(settings),
    verify: settings.verifyDeps,
    cacheDir: stateDir === null ? null : join(stateDir, "analysis"),
    signal,
  });
  return { ...analysis, warnings: [...request.orderWarnings, ...analysis.warnings] };
}

/** Of a run that is cancelled while it is analyzed. */
export const NO_ANALYSIS: Analysis = {
  edges: [],
  fallbacks: [],
  warnings: [],
  usage: [],
  unmetered: 0,
  repaired: {},
  cached: 0,
};

/** Returns what was mended in a model's answers, kind by kind. */
export function repairsOf({
  repaired,
}: Analysis): readonly { readonly kind: AnswerFlaw; readonly count: number }[] {
  return Object.entries(repaired).map(([kind, count]) => ({ kind: kind as AnswerFlaw, count }));
}

/** Counts edges by who says so. */
export function countSources(edges: readonly Edge[]): Partial<Record<EdgeSource, number>> {
  const counts: Partial<Record<EdgeSource, number>> = {};
  for (const { source } of edges) counts[source] = (counts[source] ?? 0) + 1;
  return counts;
}
