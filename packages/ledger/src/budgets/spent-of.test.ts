import type { EventBody, RunEvent, UsageRecord } from "@sheaf/core";
import { expect, it } from "vitest";
import { spentOf } from "./spent-of.ts";

const started = (taskId: string, route: string, tags?: readonly string[]) =>
  ({
    ...{ type: "attempt.started", taskId, attempt: 1, cause: "first" },
    ...{ executor: "inline", agent: "a", route, tags },
  }) as EventBody;
const asked = { taskId: "x", attempt: 1, call: 1, provider: "p", api: "chat", model: "m", httpRetry: null };
const finished = { status: null, firstByteMs: null, durationMs: 0, avoided: null, source: "estimated" };
const used = (taskId: string, usage: UsageRecord) =>
  ({ type: "attempt.usage", taskId, attempt: 1, usage }) as EventBody;
const events = (bodies: readonly EventBody[]): readonly RunEvent[] =>
  bodies.map((body, seq) => ({ seq, at: 100 + seq, runId: "r", ...body }) as RunEvent);

it("lists each call with its time, route, tags, and what is known of its cost and tokens", () => {
  const story = events([
    { type: "analysis.usage", usage: { model: "m", costUsd: 0.1, inputTokens: 5 } },
    started("x", "writing", ["gpu"]),
    used("x", { model: "m", costUsd: 0.2, inputTokens: 7, outputTokens: 3, reasoningTokens: 1 }),
    used("y", { model: "m" }),
    used("x", { model: "m", costUsd: Number.NaN, outputTokens: 0 }),
  ]);
  expect(spentOf(story)).toEqual([
    { at: 100, route: "analysis", tags: [], pico: 100_000_000_000n, tokens: 5 },
    { at: 102, route: "writing", tags: ["gpu"], pico: 200_000_000_000n, tokens: 10 },
    { at: 103, route: "unknown", tags: [], pico: null, tokens: null },
    { at: 104, route: "writing", tags: ["gpu"], pico: null, tokens: 0 },
  ]);
});

it.each([
  ["crashed", { model: "m", costUsd: 0.1, inputTokens: 1, outputTokens: 1 }, 9_000_000_000_000n, 900],
  ["aborted", { model: "m", inputTokens: 1 }, 9_000_000_000_000n, 1],
  ["aborted", null, 9_000_000_000_000n, 900],
  ["ok", { model: "m", costUsd: 0.1, inputTokens: 1, outputTokens: 1 }, 100_000_000_000n, 2],
  ["http-error", null, 0n, 0],
])(
  "counts what was set aside for a call that is %s, where it is not known what that used",
  (state, usage, pico, tokens) => {
    const reserved = { usd: 9, tokens: 900 };
    const story = events([
      started("x", "writing"),
      { type: "llm.started", ...asked, hold: { model: "m" }, reserved } as EventBody,
      { type: "llm.finished", ...asked, ...finished, state, usage } as EventBody,
    ]);
    expect(spentOf(story)).toEqual([{ at: 102, route: "writing", tags: [], pico, tokens }]);
  },
);

it("counts what was set aside for a call that nobody will tell more of", () => {
  const story = events([
    started("x", "writing", ["gpu"]),
    { type: "llm.started", ...asked, hold: { model: "m" }, reserved: { usd: null, tokens: 7 } } as EventBody,
  ]);
  expect(spentOf(story)).toEqual([]);
  const open = { at: 101, route: "writing", tags: ["gpu"], pico: null, tokens: 7 };
  expect(spentOf(story, { countsOpen: true })).toEqual([open]);
});
