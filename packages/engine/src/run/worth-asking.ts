// Whether a model's answer could pay: what is decided, and told, before the first call is made.
import type { Prospect } from "@sheaf/analyzer";
import type { Edge, EventBody } from "@sheaf/core";
import type { Settings } from "../config/settings.ts";
import type { RunPlan } from "../plan/make-plan.ts";

/** What is assumed of a model: time to its first word, and for what it says about one task, 35 tokens at 80 a second. */
const FIRST_WORD_MS = 1_000;
const RECORD_MS = 440;
/** Tasks in one call, and calls side by side after the first. */
const CALL = { tasks: 40, atOnce: 6 } as const;

/** Returns how long a model may take to speak about so many tasks, in ms. */
export function expectedAnalysisMs(tasks: number): number {
  const calls = Math.ceil(tasks / CALL.tasks);
  const rounds = Math.min(calls, 1) + Math.ceil(Math.max(0, calls - 1) / CALL.atOnce);
  return rounds * FIRST_WORD_MS + (Math.min(tasks, CALL.tasks) + (rounds - 1) * CALL.tasks) * RECORD_MS;
}

/** What a model could change about a run. */
interface Stakes {
  /** Tasks that it would be asked about. */
  readonly tasks: number;
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
function objectionTo({ tasks, best, without }: Stakes, settings: Settings): string | null {
  // Who wants an answer in any case gets one; and in `parallel` mode it saves attempts, not time.
  if (settings.useLlmDeps === "always" || settings.mode === "parallel") return null;
  const gainMs = boundMs(without) - boundMs(best);
  if (gainMs <= 0) return "Nothing that a model could say would make the run faster";
  const askingMs = expectedAnalysisMs(tasks);
  if (!best.durationsKnown || askingMs <= gainMs) return null;
  return `A model would take some ${seconds(askingMs)} and save ${seconds(gainMs)} at most`;
}

/** Returns what decides whether a model is asked, and tells of it where it is. */
export function weighing(
  settings: Settings,
  planBy: (edges: readonly Edge[]) => RunPlan,
  emit: (body: EventBody) => void,
): (prospect: Prospect) => string | null {
  return ({ tasks, known, without: withoutIt }) => {
    const stakes = { tasks, best: planBy(known), without: planBy(withoutIt) };
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
