import { type RunEvent, runId, taskId, type UsageRecord } from "@sheaf/core";
import { openPriceBook } from "@sheaf/ledger";
import { expect, it } from "vitest";
import { crashedCalls } from "./crashed-calls.ts";

const CALL = { taskId: taskId("a"), attempt: 1, provider: "openai", api: "chat", httpRetry: null } as const;

const events = (...holds: readonly Partial<UsageRecord>[]): readonly RunEvent[] =>
  holds.map((hold, seq) => ({
    ...{ type: "llm.started", seq, at: 0, runId: runId("r"), ...CALL, call: seq + 1, model: "gpt-4o-mini" },
    hold: { model: "gpt-4o-mini", provider: "openai", inputTokens: 100, ...hold },
  }));

it("books an open call at its estimated input and the longest answer, or an unknown one where nothing bounds it", () => {
  const prices = openPriceBook({ prices: null });
  const costs = crashedCalls(events({ outputTokens: 50, costUsd: 1 }, {})).map(({ state, usage }) => {
    const { inputTokens, outputTokens, costUsd } = prices.priced(usage!, 0);
    return [state, inputTokens, outputTokens, costUsd];
  });
  expect(costs).toEqual([
    ["crashed", 100, 50, 0.000045],
    ["crashed", 100, undefined, undefined],
  ]);
});
