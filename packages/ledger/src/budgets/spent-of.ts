import type { RunEvent, UsageRecord } from "@sheaf/core";
import { bookedCall } from "../booked-call.ts";
import { knownFigure } from "../cost-line.ts";
import { ANALYSIS } from "../cost-summary.ts";
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
    const usage = bookedCall(event);
    if (usage === null) continue;
    const of =
      "taskId" in event
        ? { route: routes.get(event.taskId) ?? "unknown", tags: tagsOf(event.taskId) }
        : { route: ANALYSIS.route, tags: [] };
    spent.push({ at: event.at, ...of, ...amountsOf(usage) });
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
