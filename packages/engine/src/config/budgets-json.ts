import { BUDGET_WINDOWS } from "@sheaf/core";

const limitOf = (
  unit: string,
  amount: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => ({
  type: "object",
  properties: { [unit]: amount },
  required: [unit],
  additionalProperties: false,
});

/** JSON Schema of `budgets`, for editors. */
export const BUDGETS_JSON: Readonly<Record<string, unknown>> = {
  type: "array",
  items: {
    type: "object",
    properties: {
      limit: {
        anyOf: [
          limitOf("usd", { type: "number", exclusiveMinimum: 0 }),
          limitOf("tokens", { type: "integer", minimum: 1 }),
        ],
      },
      window: { enum: BUDGET_WINDOWS },
      route: { type: "string" },
      tag: { type: "string" },
    },
    required: ["limit", "window"],
    additionalProperties: false,
  },
};
