/** By what costs of many runs can be summed. */
export const COST_HEADINGS = ["model", "agent", "task", "route", "class", "day"] as const;
export type CostHeading = (typeof COST_HEADINGS)[number];
