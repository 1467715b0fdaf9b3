import { type CostLine, type CostSummary, formatUsd, usdToPico } from "@sheaf/ledger";
import { counted } from "./counted.ts";

/** Shows dollars; null is an unknown amount, and never 0. */
export function usdText(usd: number | null): string {
  return formatUsd(usd === null ? null : usdToPico(usd));
}

/** Shows the amount of one line of a bill: `$0.01`, `at least $0.01`, `unknown`, or `-` where there were no calls. */
export function amountText({ usd, partial, calls }: Pick<CostLine, "usd" | "partial" | "calls">): string {
  if (calls === 0) return "-";
  return partial && usd !== null ? `at least ${usdText(usd)}` : usdText(usd);
}

/** Says what a run cost and how far that is known. */
export function costText({
  totalUsd,
  calls,
  unpricedCalls,
}: Pick<CostSummary, "totalUsd" | "calls" | "unpricedCalls">): string {
  if (calls === 0) return "no model calls were recorded";
  const known = counted(calls, "model call");
  if (unpricedCalls === 0) return `${usdText(totalUsd)} for ${known}`;
  if (unpricedCalls === calls)
    return `unknown: no price is known for ${calls === 1 ? "the one model call" : `any of the ${known}`}`;
  return `at least ${usdText(totalUsd)}: no price is known for ${unpricedCalls} of ${known}`;
}
