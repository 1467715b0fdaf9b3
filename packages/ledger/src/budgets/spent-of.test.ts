import type { EventBody, RunEvent, UsageRecord } from "@sheaf/core";
import { expect, it } from "vitest";
import { spentOf } from "./spent-of.ts";

const started = (taskId: string, route: string) =>
  ({
    ...{ type: "attempt.started", taskId, attempt: 1, cause: "first" },
    ...{ executor: "inline", agent: "a", route },
  }) as EventBody;
const used = (taskId: string, usage: UsageRecord) =>
  ({ type: "attempt.usage", taskId, attempt: 1, usage }) as EventBody;
const events = (bodies: readonly EventBody[]): readonly RunEvent[] =>
  bodies.map((body, seq) => ({ seq, at: 100 + seq, runId: "r", ...body }) as RunEvent);

it("lists each call with its time, route, tags, and what is known of its cost and tokens", () => {
  const story = events([
    { type: "analysis.usage", usage: { model: "m", costUsd: 0.1, inputTokens: 5 } },
    started("x", "writing"),
    used("x", { model: "m", costUsd: 0.2, inputTokens: 7, outputTokens: 3, reasoningTokens: 1 }),
    used("y", { model: "m" }),
    used("x", { model: "m", costUsd: Number.NaN, outputTokens: 0 }),
  ]);
  expect(spentOf(story, (id) => (id === "x" ? ["gpu"] : []))).toEqual([
    { at: 100, route: "analysis", tags: [], pico: 100_000_000_000n, tokens: 5 },
    { at: 102, route: "writing", tags: ["gpu"], pico: 200_000_000_000n, tokens: 10 },
    { at: 103, route: "unknown", tags: [], pico: null, tokens: null },
    { at: 104, route: "writing", tags: ["gpu"], pico: null, tokens: 0 },
  ]);
});
