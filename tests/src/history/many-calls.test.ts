// The index of a run with very many calls, on SQLite.
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { RunEvent } from "@sheaf/core";
import { COST_HEADINGS, type CostHeading, openIndex, type RunIndex } from "@sheaf/ledger";
import { caseCount, memoryDir } from "@sheaf/testkit";
import { expect, test } from "vitest";
import { SPAN_MS, writeLongJournal } from "../../../bench/src/history/long-journal.ts";
import { costOf } from "../../../bench/src/measure/cost.ts";
import { type Bill, lineOf } from "./obvious-history.ts";

const CLASS_OF: Readonly<Record<string, string>> = {
  "task.failed": "failed-attempt",
  "task.conflicted": "conflict-rerun",
  "task.committed": "useful",
};

type Sum = { -readonly [K in keyof Bill[string]]: number };
type Bills = Readonly<Record<CostHeading, Map<string, Sum>>>;

const emptySum = (): Sum => ({
  ...{ pico: 0, calls: 0, unpricedCalls: 0, estimatedCalls: 0, inputTokens: 0, cachedInputTokens: 0 },
  ...{ outputTokens: 0, reasoningTokens: 0, cacheWriteTokens: 0, unmetered: 0 },
});

/** Adds the journal up line by line. Each of its tasks has one attempt, which begins, calls, and is decided about. */
async function addUp(path: string, since: number): Promise<Bills> {
  const bills = Object.fromEntries(COST_HEADINGS.map((by) => [by, new Map()])) as unknown as Bills;
  let heading = { agent: "", route: "" };
  let calls: Extract<RunEvent, { type: "attempt.usage" }>[] = [];
  const lines = createInterface({ input: createReadStream(path) });
  lines.on("line", (line) => {
    const event = JSON.parse(line) as RunEvent;
    if (event.type === "attempt.started") heading = event;
    if (event.type === "attempt.usage" && event.at >= since) calls.push(event);
    const costClass = CLASS_OF[event.type];
    if (costClass === undefined) return;
    for (const { usage, taskId, at } of calls) {
      const names = { ...heading, model: usage.model, task: taskId, class: costClass, day: dayOf(at) };
      for (const by of COST_HEADINGS) add(bills[by], names[by], usage as Required<typeof usage>);
    }
    calls = [];
  });
  await once(lines, "close");
  return bills;
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

type Used = { readonly costUsd: number; readonly [Count: `${string}Tokens`]: number };
function add(bill: Map<string, Sum>, name: string, used: Used): void {
  const sum = bill.get(name) ?? emptySum();
  bill.set(name, sum);
  sum.calls += 1;
  sum.pico += Math.round(used.costUsd * 1e12);
  sum.inputTokens += used.inputTokens!;
  sum.cachedInputTokens += used.cachedInputTokens!;
  sum.outputTokens += used.outputTokens!;
}

/** Processor time of a question, in ms: the mean of many. */
async function timeOf(index: RunIndex, query: Parameters<RunIndex["costs"]>[0]): Promise<number> {
  const times = 20;
  const { cpuMs } = await costOf(async () => {
    for (let i = 0; i < times; i++) await index.costs(query);
  });
  return cpuMs / times;
}

const COUNTS = process.env.TEST_DEEP === "1" ? [100_000, 1_000_000] : [caseCount({ ci: 4_000, deep: 0 })];

test.each(COUNTS)("the sums of %i calls are those of their journal, and soon told", async (count) => {
  using place = memoryDir();
  const { path, endAt } = writeLongJournal(place.path, count);
  const index = await openIndex({ stateDir: place.path });
  try {
    await index.update();
    // Neither a full minute nor a full hour.
    for (const since of [null, endAt - SPAN_MS / 2 + 12_345]) {
      const expected = await addUp(path, since ?? 0);
      for (const by of COST_HEADINGS) {
        const { lines } = await index.costs({ by, since });
        const bill = new Map(lines.map(({ name, ...line }) => [name, lineOf(line)]));
        expect(bill.size, by).toBe(expected[by].size);
        for (const [name, sum] of expected[by]) expect(bill.get(name), `${by} ${name}`).toEqual(sum);
      }
    }
    if (process.env.TEST_DEEP !== "1") return;
    const since = endAt - SPAN_MS + 12_345;
    const told: [CostHeading, number][] = [];
    for (const by of COST_HEADINGS) if (by !== "task") told.push([by, await timeOf(index, { by, since })]);
    // biome-ignore lint/suspicious/noConsole: the deep run tells what it measured.
    console.log(`24 hours of ${count} calls, CPU ms: ${JSON.stringify(Object.fromEntries(told))}`);
    if (count <= 100_000) for (const [by, cpuMs] of told) expect(cpuMs, by).toBeLessThanOrEqual(10);
  } finally {
    await index.close();
  }
});
