import { MEMO_SCOPES } from "@sheaf/core";

/** JSON Schema of `memo`, for editors. */
export const MEMO_JSON: Readonly<Record<string, unknown>> = {
  anyOf: [
    { type: "boolean" },
    {
      type: "object",
      properties: { scope: { enum: MEMO_SCOPES }, ttlMs: { type: "number", minimum: 0 } },
      additionalProperties: false,
    },
  ],
};
