import type { RunEvent, UsageRecord } from "@sheaf/core";
import { knownFigure } from "../cost-line.ts";
import { ANALYSIS_ROUTE } from "../cost-summary.ts";
import { usdToPico } from "../money.ts";
import type { SpentCall } from "./open-budgets.ts";

/**
 * Returns what the calls of a run have spent, by its events, given in order.
 *
 * @param tagsOf tags of a task, which events do not tell @default none
 */
export function spentOf(
  events: Iterable<RunEvent>,
  tagsOf: (taskId: string) => readonly string[] = () => [],
): readonly SpentCall[] {
  const routes = new Map<string, string>();
  const spent: SpentCall[] = [];
  for (const event of events) {
    if (event.type === "attempt.started") routes.set(event.taskId, event.route);
    if (event.type === "analysis.usage") {
      spent.push({ at: event.at, route: ANALYSIS_ROUTE, tags: [], ...amountsOf(event.usage) });
    }
    if (event.type === "attempt.usage") {
      const { at, taskId, usage } = event;
      spent.push({ at, route: routes.get(taskId) ?? "unknown", tags: tagsOf(taskId), ...amountsOf(usage) });
    }
  }
  return spent;
}

function amountsOf(usage: UsageRecord): Pick<SpentCall, "pico" | "tokens"> {
  const costUsd = knownFigure(usage.costUsd);
  const [input, output] = [knownFigure(usage.inputTokens), knownFigure(usage.outputTokens)];
  return {
    pico: costUsd === null ? null : usdToPico(costUsd),
    tokens: input === null && output === null ? null : (input ?? 0) + (output ?? 0),
  };
}
