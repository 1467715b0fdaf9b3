// A server refuses most of what many tasks ask at once, and their clients try again: each try is a call of its own.
import { fileURLToPath } from "node:url";
import type { RunEvent } from "@sheaf/core";
import { caseCount, type FakeModelReply, type FakeModelServer, startFakeModelServer } from "@sheaf/testkit";
import { executeWithParallelism, type RunReport } from "sheaf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  chargedBy,
  countedByAttempt,
  finishedCalls,
  inAll,
  markIn,
  reported,
} from "./fixtures/model-books.ts";

const MODULE = fileURLToPath(new URL("./fixtures/stormed-agents.mjs", import.meta.url));
const WHERE = [
  { executor: "inline", tasks: caseCount({ ci: 60, deep: 600 }) },
  { executor: "process", tasks: caseCount({ ci: 0, deep: 60 }) },
] as const;
const CLIENTS = ["openai 6", "openai 7", "anthropic"];
/** Tasks whose every question is refused more often than their client tries. */
const isHopeless = (i: number): boolean => i % 10 === 7;
const MOST_TRIES = 9;

let server: FakeModelServer;
let refused: Map<string, number>;

/** Without one of them, or with 0, a client waits for half a second and more. */
const AFTER: readonly Readonly<Record<string, string>>[] = [
  { "retry-after-ms": "1" },
  { "retry-after": "0.001" },
];

/** How often the question with this mark is refused: none to seven times, and as often as it is asked where all is. */
function refusalsOf(mark: string): number {
  const [id = "", form] = mark.split(" ");
  const i = Number(id.slice(1));
  return isHopeless(i) ? Number.POSITIVE_INFINITY : (i * 5 + (form === "whole" ? 3 : 0)) % 8;
}

function reply(n: number, body: unknown): FakeModelReply {
  const mark = markIn(body);
  const before = refused.get(mark) ?? 0;
  if (before < refusalsOf(mark)) {
    refused.set(mark, before + 1);
    const headers = before === 0 && /^t[1-3] whole/.test(mark) ? {} : AFTER[(n + before) % AFTER.length]!;
    return { kind: "rate-limited", headers };
  }
  return {
    kind: "answer",
    content: "so be it",
    usage: {
      prompt_tokens: 1_000 + n,
      completion_tokens: 10 + 3 * n,
      prompt_tokens_details: { cached_tokens: n },
    },
  };
}

beforeEach(async () => {
  refused = new Map();
  server = await startFakeModelServer(reply);
  vi.stubEnv("OPENAI_API_KEY", "sk-real-key");
  vi.stubEnv("OPENAI_BASE_URL", server.baseUrl);
  vi.stubEnv("ANTHROPIC_API_KEY", "sk-real-key");
  vi.stubEnv("ANTHROPIC_BASE_URL", server.baseUrl.replace("/v1", ""));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

async function storm({ executor, tasks: length }: (typeof WHERE)[number]): Promise<{
  readonly report: RunReport;
  readonly events: readonly RunEvent[];
}> {
  const tasks = Array.from({ length }, (_, i) => {
    const options = { maxRetries: isHopeless(i) ? 2 : MOST_TRIES - 1 };
    return { id: `t${i}`, agent: "ask", input: { client: CLIENTS[i % CLIENTS.length], options } };
  });
  const run = executeWithParallelism(
    { tasks, agents: { ask: { module: MODULE, export: "ask" } } },
    undefined,
    { useLlmDeps: false, mode: "parallel", executor, maxWorkers: executor === "inline" ? length : 2 },
  );
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return { report: await run, events };
}

test.each(WHERE.filter(({ tasks }) => tasks > 0))(
  "in $executor every try that is refused is a call, and an http-retry where another follows",
  async (where) => {
    const { report, events } = await storm(where);
    const failed = Object.entries(report.tasks).filter(([, { outcome }]) => outcome !== "succeeded");
    const hopeless = Array.from({ length: where.tasks }, (_, i) => i).filter(isHopeless);
    expect(failed.map(([id]) => id)).toEqual(hopeless.map((i) => `t${i}`));

    const charged = chargedBy(server, ({ body }) => `${markIn(body).split(" ")[0]}/1`);
    expect(Object.fromEntries(countedByAttempt(events))).toEqual(Object.fromEntries(charged));
    const { cacheWrite, ...all } = inAll(charged);
    expect(reported(report)).toEqual(all);

    const refusals = [...refused.values()].reduce((sum, times) => sum + times, 0);
    expect(refusals).toBeGreaterThan(server.charged.length);
    const { byClass } = report.cost;
    const calls = Object.fromEntries(Object.entries(byClass).map(([name, line]) => [name, line.calls]));
    expect(calls).toMatchObject({
      // The last try of a client that gives up is followed by none.
      "http-retry": refusals - hopeless.length,
      "failed-attempt": hopeless.length,
      useful: server.charged.length,
      "estimated-crash": 0,
    });
    expect(byClass["http-retry"]).toMatchObject({ inputTokens: 0, outputTokens: 0, usd: 0, partial: false });
    expect(finishedCalls(events).filter(({ status }) => status === 429)).toHaveLength(refusals);
  },
);
