import { type CostLine, type CostSummary, formatUsd, usdToPico } from "@sheaf/ledger";
import { counted } from "./counted.ts";

/** Shows dollars; null is an unknown amount, and never 0. */
export function usdText(usd: number | null): string {
  return formatUsd(usd === null ? null : usdToPico(usd));
}

/** Shows the amount of one line of a bill: `$0.01`, `at least $0.01`, `unknown`, or `-` where there was nothing. */
export function amountText({ usd, partial, calls }: Pick<CostLine, "usd" | "partial" | "calls">): string {
  if (calls === 0 && !partial) return "-";
  return partial && usd !== null ? `at least ${usdText(usd)}` : usdText(usd);
}

/** Says what a run cost and how far that is known. */
export function costText(
  cost: Pick<
    CostSummary,
    "totalUsd" | "calls" | "unpricedCalls" | "estimatedCalls" | "unmetered" | "openCalls"
  >,
): string {
  const { totalUsd, calls, unpricedCalls, estimatedCalls, unmetered, openCalls } = cost;
  const estimated = estimatedCalls === 0 ? "" : `, ${estimatedCalls} of them estimated`;
  const known = `${counted(calls, "model call")}${estimated}`;
  const gaps = [
    ...(unpricedCalls === 0 ? [] : [`no price is known for ${unpricedText(calls, unpricedCalls)}`]),
    ...(unmetered === 0 ? [] : [`nobody counted the calls of ${counted(unmetered, "unmetered attempt")}`]),
    ...(openCalls === 0 ? [] : [`what became of ${counted(openCalls, "call")} is not told`]),
  ].join(", and ");
  if (gaps !== "") return `${totalUsd === null ? "unknown" : `at least ${usdText(totalUsd)}`}: ${gaps}`;
  return calls === 0 ? "no model calls were recorded" : `${usdText(totalUsd)} for ${known}`;
}

function unpricedText(calls: number, unpriced: number): string {
  const all = counted(calls, "model call");
  if (unpriced < calls) return `${unpriced} of ${all}`;
  return calls === 1 ? "the one model call" : `any of the ${all}`;
}
