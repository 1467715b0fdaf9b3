// Whether a model's answer could pay: what is decided, and told, before the first call is made.
import type { Prospect } from "@sheaf/analyzer";
import type { Edge, EventBody } from "@sheaf/core";
import type { Settings } from "../config/settings.ts";
import type { RunPlan } from "../plan/make-plan.ts";

/** What is told before a model is asked. */
export type Asking = Extract<EventBody, { readonly type: "analysis.asking" }>;

/** What a model could change about a run. */
interface Stakes {
  /** How long it may take to answer, in ms. */
  readonly expectedMs: number;
  /** The plan if it finds that none of them needs another. */
  readonly best: RunPlan;
  /** The plan if it is not asked. */
  readonly without: RunPlan;
}

const boundMs = ({ workMs, speedupBound }: RunPlan): number => workMs / speedupBound;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/**
 * Returns why a model is not worth asking, as the start of a sentence; null where it may be. Only what is certain
 * counts: that no answer can make the run faster, or that all durations are known and it takes longer than it can save.
 */
function objectionTo({ expectedMs, best, without }: Stakes, settings: Settings): string | null {
  const { useLlmDeps, mode, order } = settings;
  // Who wants an answer in any case gets one. In `parallel` mode it saves attempts, not time, and of a set it gives the
  // order, which must not hang on how long tasks took last time.
  if (useLlmDeps === "always" || mode === "parallel" || order === "free") return null;
  const gainMs = boundMs(without) - boundMs(best);
  if (gainMs <= 0) return "Nothing that a model could say would make the run faster";
  if (!best.durationsKnown || expectedMs <= gainMs) return null;
  return `A model would take some ${seconds(expectedMs)} and save ${seconds(gainMs)} at most`;
}

/** Returns what decides whether a model is asked, and tells of it where it is. */
export function weighing(
  settings: Settings,
  planBy: (edges: readonly Edge[]) => RunPlan,
  emit: (asking: Asking) => void,
): (prospect: Prospect) => string | null {
  return ({ tasks, expectedMs, known, without: withoutIt }) => {
    const stakes = { expectedMs, best: planBy(known), without: planBy(withoutIt) };
    const objection = objectionTo(stakes, settings);
    if (objection !== null) return objection;
    const { best, without } = stakes;
    emit({
      type: "analysis.asking",
      model: settings.model,
      tasks,
      width: best.width,
      criticalPath: best.criticalPath,
      speedupBound: best.speedupBound,
      withoutBound: without.speedupBound,
    });
    return null;
  };
}
