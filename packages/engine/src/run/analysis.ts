import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Analysis, AnalyzeRequest } from "@sheaf/analyzer";
import type { AnswerFlaw, Edge, EdgeSource, Task } from "@sheaf/core";
import type { Learned } from "@sheaf/ledger";
import { policiesOf } from "@sheaf/workdir";
import type { Settings } from "../config/settings.ts";
import { readCorrections, toCorrections } from "../corrections/corrections-file.ts";
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

// In sequential mode no model is paid: nothing would come of its answer, unless that gives the order.
const asksModel = ({ useLlmDeps, autoDetectDeps, mode, order }: Settings): boolean =>
  useLlmDeps !== false && autoDetectDeps && (mode !== "sequential" || order === "free");

/** Tells whether a model will be asked if there is anything to ask. */
export const mayAskModel = ({ settings }: RunRequest): boolean =>
  asksModel(settings) && modelOf(settings) !== null;

/** Who is told what while a model answers, and how that is ended. */
export type WhileAsking = Pick<
  AnalyzeRequest,
  "signal" | "objection" | "onAsking" | "onSettled" | "onUsage" | "permit"
>;

/** Finds the edges of a run. */
export async function analyzeRun(
  request: RunRequest,
  learned: Learned,
  whileAsking: WhileAsking,
): Promise<Analysis> {
  const { tasks, order, works, settings, dir, stateDir } = request;
  const workOf = new Map(tasks.map((task, i) => [task.id, works[i]!]));
  const { useLlmDeps, autoDetectDeps } = settings;
  const policies = policiesOf(settings.policies);
  const kept = readCorrections(stateDir);
  const wanted = useLlmDeps === "always" ? "always" : "when-needed";
  const analysis = await request.analyze({
    ...{ tasks, order },
    autoDetect: autoDetectDeps,
    isAppended: (glob) => policies.of(glob) === "append",
    askModel: asksModel(settings) ? wanted : "never",
    learned: (task) => learned.find(taskDefinition(task, workOf.get(task.id)!)),
    ...(dir === null ? {} : { exists: (path) => existsSync(join(dir, path)) }),
    model: modelOf(settings),
    verify: settings.verifyDeps,
    cacheDir: stateDir === null ? null : join(stateDir, "analysis"),
    corrections: toCorrections(kept.statements),
    ...whileAsking,
  });
  const unread = kept.problems.map((reason) => ({ part: "corrections", reason }));
  const fallbacks = [...unread, ...analysis.fallbacks];
  return { ...analysis, fallbacks, warnings: [...request.orderWarnings, ...analysis.warnings] };
}

/** What is known of an analysis that did not come to its end. */
export const noAnalysis = (tasks: readonly Task[]): Analysis => ({
  ...{ tasks, edges: [], certain: [], inPlace: [], fallbacks: [], warnings: [] },
  ...{ usage: [], unmetered: 0, repaired: {}, cached: 0 },
});

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
