import type { Settings } from "../config/settings.ts";
import type { RunPlan } from "../plan/make-plan.ts";
import type { RunBounds, SharedLimit } from "../plan/run-bound.ts";
import { CPU_TAG } from "../plan/scheduler-plan.ts";

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Says in a sentence or two what a plan promises, and what stands in its way. */
export function sayPlan(plan: RunPlan, settings: Settings, bounds: RunBounds): string {
  const tasks = plan.order.length;
  const inTurn = bounds.inTurn.length;
  if (tasks === 1) return "One task: nothing to run side by side.";
  if (settings.mode === "sequential") return `${count(tasks, "task")}, one after another as asked.`;
  const parts = [
    `${count(tasks, "task")} in ${count(plan.levels.length, "level")}, at most ${plan.width} side by side.`,
  ];
  if (plan.width === 1) {
    parts.push(
      "Each waits for the one before it, so there is nothing to gain: declare dependsOn, or reads and writes.",
    );
  } else if (inTurn >= tasks - 1) {
    parts.push(
      "They declare no reads, so each waits until all before it are settled: declare reads and writes.",
    );
  } else {
    const bound = plan.speedupBound.toFixed(1);
    parts.push(
      `At most ${bound} times as fast as one after another with ${count(settings.maxWorkers, "worker")}.`,
      ...bounds.shared.flatMap((limit) => sayLimit(limit, settings)),
    );
    if (inTurn > 0)
      parts.push(`${count(inTurn, "task")} must wait for ${inTurn === 1 ? "its" : "their"} turn.`);
  }
  return parts.join(" ");
}

// Only of limits that hold somebody back.
function sayLimit({ tag, limit, tasks }: SharedLimit, { maxWorkers }: Settings): readonly string[] {
  if (limit >= Math.min(tasks.length, maxWorkers)) return [];
  const share = `${count(tasks.length, "task")} share`;
  if (tag !== CPU_TAG) return [`${share} the limit "${tag}": ${limit} at a time.`];
  return [`${share} the processors: ${limit} at a time here; maxWorkers (--workers N) allows more.`];
}
