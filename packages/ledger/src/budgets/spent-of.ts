import type { EventOf, RunEvent, UsageRecord } from "@sheaf/core";
import { bookedCall } from "../booked-call.ts";
import { knownFigure } from "../cost-line.ts";
import { ANALYSIS } from "../cost-summary.ts";
import { usdToPico } from "../money.ts";
import { UNKNOWN_ROUTE } from "../routes/route-list.ts";
import type { CallAmounts, CallHeadings } from "./counted-call.ts";
import type { SpentCall } from "./open-budgets.ts";

/** Headings of the calls of the analysis. */
export const ANALYSIS_HEADINGS: CallHeadings = { route: ANALYSIS.route, tags: [] };

/** Headings of the calls of tasks that name none. */
export const UNKNOWN_HEADINGS: CallHeadings = { route: UNKNOWN_ROUTE, tags: [] };

/** How events are read. */
export interface SpentOptions {
  /** Calls without an end have spent what was set aside for them: nobody will tell more. @default false */
  readonly countsOpen?: boolean;
}

/**
 * Returns what the calls of a run have spent, by its events, given in order. A call that was under way when the engine
 * went away, or of which nobody knows what it used, has spent what was set aside for it.
 */
export function spentOf(
  events: Iterable<RunEvent>,
  { countsOpen = false }: SpentOptions = {},
): readonly SpentCall[] {
  const headings = new Map<string, CallHeadings>();
  const open = new Map<string, SpentCall>();
  const spent: SpentCall[] = [];
  for (const event of events) {
    if (event.type === "attempt.started") {
      headings.set(event.taskId, { route: event.route, tags: event.tags ?? [] });
    }
    const of = "taskId" in event ? (headings.get(event.taskId) ?? UNKNOWN_HEADINGS) : ANALYSIS_HEADINGS;
    if (event.type === "llm.started" && event.reserved !== undefined) {
      open.set(callKey(event), { at: event.at, ...of, ...reservedAmounts(event.reserved) });
    }
    const held = event.type === "llm.finished" ? open.get(callKey(event)) : undefined;
    if (event.type === "llm.finished") open.delete(callKey(event));
    const usage = bookedCall(event);
    if (usage !== null) spent.push({ at: event.at, ...of, ...used(event, amountsOf(usage), held) });
  }
  return countsOpen ? [...spent, ...open.values()] : spent;
}

function used(event: RunEvent, told: CallAmounts, held: CallAmounts | undefined): CallAmounts {
  if (held === undefined) return told;
  const { pico, tokens } = held;
  const isCrashed = event.type === "llm.finished" && event.state === "crashed";
  return isCrashed ? { pico, tokens } : { pico: told.pico ?? pico, tokens: told.tokens ?? tokens };
}

const callKey = ({ taskId, attempt, call }: EventOf<"llm.started" | "llm.finished">): string =>
  `${taskId} ${attempt} ${call}`;

/** Returns what was set aside for a call, as its event has it. */
export const reservedAmounts = ({
  usd,
  tokens,
}: NonNullable<EventOf<"llm.started">["reserved"]>): CallAmounts => ({
  pico: usd === null ? null : usdToPico(usd),
  tokens,
});

/** Returns what counts against budgets of a call that has used this. */
export function amountsOf(usage: UsageRecord): CallAmounts {
  const costUsd = knownFigure(usage.costUsd);
  const [input, output] = [knownFigure(usage.inputTokens), knownFigure(usage.outputTokens)];
  return {
    pico: costUsd === null ? null : usdToPico(costUsd),
    tokens: input === null && output === null ? null : (input ?? 0) + (output ?? 0),
  };
}
