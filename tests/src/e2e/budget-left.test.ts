// An agent is told what is left of its budgets, wherever it runs.
import { fileURLToPath } from "node:url";
import type { BudgetLeft } from "@sheaf/core";
import { startFakeModelServer } from "@sheaf/testkit";
import { executeWithParallelism } from "sheaf";
import { expect, test } from "vitest";

const MODULE = fileURLToPath(new URL("./fixtures/budget-agents.mjs", import.meta.url));

test.each(["inline", "thread", "process"] as const)(
  "an agent (%s) is told what is left of the budgets of its own calls, with what it holds",
  async (executor) => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await startFakeModelServer(() => ({
      ...{ kind: "answer", content: "so be it", model: "m", stream: { gate: () => released } },
      usage: { prompt_tokens: 30, completion_tokens: 5 },
    }));
    const budgets = [
      { limit: { tokens: 1_000 }, window: "run", route: "writing" },
      { limit: { tokens: 9 }, window: "run", route: "reading" },
      { limit: { tokens: 2_000 }, window: "day" },
    ] as const;
    const task = { id: "a", agent: "spender", route: "writing", input: { baseUrl: server.baseUrl } };
    const agents = { spender: { module: MODULE, export: "spender" } };
    const run = executeWithParallelism({ tasks: [task], agents }, undefined, { executor, budgets });
    for await (const event of run) if (event.type === "attempt.progress") release();
    const report = await run;
    await server.close();
    const seen = report.unwrap().a as readonly (readonly BudgetLeft[])[];
    const figures = seen.map((each) => each.map(({ spent, held, left }) => [spent, held, left]));
    const held = seen[2]![0]!.held;
    expect(held).toBeGreaterThan(100);
    expect(figures).toEqual([
      [
        [0, 0, 1_000],
        [0, 0, 2_000],
      ],
      [
        [15, 0, 985],
        [15, 0, 1_985],
      ],
      [
        [15, held, 985 - held],
        [15, held, 1_985 - held],
      ],
      [
        [50, 0, 950],
        [50, 0, 1_950],
      ],
    ]);
    expect(seen[0]!.map(({ budget }) => budget)).toEqual([budgets[0], budgets[2]]);
  },
);
