// Three budgets that every call is held to, and that no call gets near to.
import { systemClock } from "@sheaf/core";
import {
  amountsOf,
  type BudgetHold,
  type CallEvent,
  type GatewayOptions,
  holdOfCall,
  openBudgets,
  openPriceBook,
} from "@sheaf/ledger";

/**
 * Returns what a gateway asks before each call, and tells when it is over, as that of a run does.
 *
 * @param server host and port of the server, whose model "m" gets a price
 */
export function threeBudgets(server: string): Pick<Required<GatewayOptions>, "refusal" | "onEvent"> {
  const prices = openPriceBook({ prices: { [server]: { m: { input: 1, output: 4 } } } });
  const budgets = openBudgets({
    budgets: [
      { limit: { usd: 1e6 }, window: "run" },
      { limit: { tokens: 1e12 }, window: "24h" },
      { limit: { usd: 1e6 }, window: "month", route: "default" },
    ],
    clock: systemClock,
  });
  const holds = new Map<string, BudgetHold>();
  const keyOf = ({ owner, call }: Pick<CallEvent, "owner" | "call">): string => `${owner.taskId} ${call}`;
  return {
    refusal(call) {
      const { hold, refusal } = budgets.reserve({ route: "default", tags: [], ...holdOfCall(call, prices) });
      if (refusal !== null) throw new Error(refusal.message);
      holds.set(keyOf(call), hold);
      return null;
    },
    onEvent(event) {
      if (event.type !== "call.finished") return;
      if (event.usage === null) throw new Error("a call has told no usage");
      budgets.settle(holds.get(keyOf(event))!, amountsOf(prices.priced(event.usage, systemClock.now())));
      holds.delete(keyOf(event));
      if (budgets.standing().some(({ spent, limit }) => spent >= limit)) throw new Error("a budget is spent");
    },
  };
}
