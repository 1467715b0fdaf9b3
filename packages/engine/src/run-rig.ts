// What tests of whole runs have in common.
import type { Analysis, AnalyzeRequest } from "@sheaf/analyzer";
import { type Edge, type TaskId, taskId } from "@sheaf/core";
import { FakeClock, type ScriptedAgent, scriptedAgent } from "@sheaf/testkit";
import { executeWithParallelism, type RunHandle, type RunOptions, type RunReport } from "./index.ts";
import { executeBy } from "./internal.ts";
import { noAnalysis } from "./run/analysis.ts";

/** Whatever the environment holds, and with the scheduler's state checked after every event. */
export const OPTIONS: RunOptions = { env: {}, validate: true };

export const outcomes = (report: RunReport): Record<string, string> =>
  Object.fromEntries(Object.values(report.tasks).map(({ id, outcome }) => [id, outcome]));

/** Lets everything that can happen without the clock happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

interface ScriptedRun {
  readonly agent: ScriptedAgent;
  readonly clock: FakeClock;
  readonly run: RunHandle;
}

/** Starts a run whose agent and clock do what the test says. */
export function scripted(
  tasks: Parameters<typeof executeWithParallelism>[0],
  options: RunOptions = {},
): ScriptedRun {
  const agent = scriptedAgent();
  const clock = new FakeClock();
  const run = executeWithParallelism(tasks, agent.run, { ...OPTIONS, clock, ...options });
  return { agent, clock, run };
}

/** An edge that a model might find. */
const edgeOf = (from: string, to: string): Edge => ({
  ...{ from: taskId(from), to: taskId(to), kind: "data", source: "llm", probability: 0.9, evidence: "" },
});

/** An analysis that asks a model about every task but the first, and goes on as the test says. */
export interface ScriptedAnalysis extends ScriptedRun {
  /** The model has spoken about a task: it needs these. */
  settled(task: string, ...needs: readonly string[]): void;
  /** The analysis is over, with these edges. */
  finish(edges: readonly (readonly [string, string])[], more?: Partial<Analysis>): void;
  fail(error: unknown): void;
  /** What a call that is known has cost. */
  spend(inputTokens: number): void;
}

type AskingOptions = RunOptions & {
  /** Edges that are known without the model. */
  readonly known?: readonly (readonly [string, string])[];
  /** Whom it is asked about; every task but the first when absent. */
  readonly about?: readonly string[];
};

/** Starts a run whose agent, clock and analysis do what the test says. Resolves once the model is asked. */
export async function scriptedAnalysis(
  input: Parameters<typeof executeWithParallelism>[0],
  { known = [], about, ...options }: AskingOptions = {},
): Promise<ScriptedAnalysis> {
  const agent = scriptedAgent();
  const clock = new FakeClock();
  let ids: readonly TaskId[] = [];
  let request: AnalyzeRequest | null = null;
  let finish: (analysis: Analysis) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  let tell = (): void => {};
  const began = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const edges = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([from, to]) => edgeOf(from, to));
  const analyze = (given: AnalyzeRequest): Promise<Analysis> =>
    new Promise((resolve, reject) => {
      request = given;
      ids = given.tasks.map(({ id }) => id);
      finish = resolve;
      fail = reject;
      given.signal?.addEventListener("abort", () => reject(given.signal?.reason), { once: true });
      const isAsked = (place: number): boolean => about?.includes(ids[place]!) ?? place > 0;
      given.onAsking?.({ edges: edges(known), asked: new Set([...ids.keys()].filter(isAsked)) });
      tell();
    });
  const run = executeBy(analyze, {
    ...{ run: input, agent: agent.run },
    options: { ...OPTIONS, clock, modelBaseUrl: "http://127.0.0.1:9/v1", ...options },
  });
  await began;
  return {
    ...{ agent, clock, run },
    settled: (task, ...needs) =>
      request?.onSettled?.(
        ids.indexOf(taskId(task)),
        needs.map((from) => edgeOf(from, task)),
      ),
    finish: (pairs, more = {}) =>
      finish({ ...noAnalysis(request?.tasks ?? []), edges: edges(pairs), ...more }),
    fail: (error) => fail(error),
    spend: (inputTokens) => request?.onUsage?.({ model: "m", inputTokens }),
  };
}
