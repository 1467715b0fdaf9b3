import { type EventBody, type RunEvent, runId, taskId } from "@sheaf/core";
import { type CallStarted, openPriceBook } from "@sheaf/ledger";
import { FakeClock } from "@sheaf/testkit";
import { expect, it } from "vitest";
import { RunBudgets } from "./run-budgets.ts";

const clock = new FakeClock();
const owner = { runId: runId("r"), taskId: taskId("a"), attempt: 1 };
const about = { call: 1, provider: "p", api: "chat", model: "m", httpRetry: null } as const;
const started: CallStarted = {
  ...{ type: "call.started", owner, request: "q", at: 0, ...about },
  ...{ maxOutputTokens: 10, estimatedInputTokens: 5, serviceTier: null, hasStoredInput: false },
};

it("a call of which its agent has told already counts once, and holds nothing any more (H2)", () => {
  const budgets = new RunBudgets({
    ...{ before: [], clock, prices: openPriceBook(), emit: () => {} },
    ...{ budgets: [{ limit: { tokens: 100 }, window: "run" }], tasks: [{ route: "unknown", tags: [] }] },
  });
  const usage = { model: "m", inputTokens: 3, outputTokens: 4 };
  const take = (body: EventBody): void =>
    budgets.take({ seq: 0, at: clock.now(), runId: owner.runId, ...body } as RunEvent);
  const left = (): unknown =>
    budgets.leftFor(owner.taskId).map(({ spent, held, left }) => [spent, held, left]);
  const own = { taskId: owner.taskId, attempt: 1 };
  expect(budgets.refusal(started)).toBeNull();
  take({ type: "attempt.usage", ...own, usage });
  expect(left()).toEqual([[7, 20, 73]]);
  const ended = { state: "ok", source: "provider", avoided: null, status: 200 } as const;
  const times = { firstByteMs: 1, durationMs: 2, counted: false } as const;
  take({ type: "llm.finished", ...own, ...about, ...ended, usage, ...times });
  expect(left()).toEqual([[7, 0, 93]]);
});
