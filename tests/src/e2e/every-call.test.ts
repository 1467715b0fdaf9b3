// Every client, in every way of asking, wherever the attempt runs: what is counted is what the server has charged.
import { fileURLToPath } from "node:url";
import type { RunEvent } from "@sheaf/core";
import {
  cases,
  type FakeModelReply,
  type FakeModelRequest,
  type FakeModelServer,
  startFakeModelServer,
  tempDir,
} from "@sheaf/testkit";
import { executeWithParallelism, type RunOptions, type RunReport, type RunSpec } from "sheaf";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WAYS } from "./fixtures/every-call.mjs";
import {
  chargedBy,
  countedByAttempt,
  finishedCalls,
  inAll,
  markIn,
  reported,
} from "./fixtures/model-books.ts";

const MODULE = fileURLToPath(new URL("./fixtures/every-call.mjs", import.meta.url));
const SECRET = "sk-real-key";
const SAID = "A longer answer, with ümläuts and ☃, so that it comes in pieces. ".repeat(4);
const { numRuns, seed } = cases({ ci: 1, deep: 30 });

let server: FakeModelServer;
const over = new Map<string, Promise<void>>();
const end = new Map<string, () => void>();

/** Resolves when the attempt of this task is over. */
function isOver(taskId: string): Promise<void> {
  const known = over.get(taskId) ?? new Promise<void>((resolve) => end.set(taskId, resolve));
  over.set(taskId, known);
  return known;
}

/** The first tries of those who are to try again get an error; by mark. */
const refusals = new Map<string, number>();

/** Marks are "task client scenario". */
function reply(n: number, body: unknown): FakeModelReply {
  const [taskId = "", ...scenario] = markIn(body).split(" ");
  const way = scenario.join(" ");
  const status = Number(/429|500/.exec(way)?.[0] ?? 0);
  const refused = refusals.get(markIn(body)) ?? 0;
  if (status > 0 && refused < 2) {
    refusals.set(markIn(body), refused + 1);
    return { kind: "raw", status, body: "{}", headers: { "retry-after-ms": "1" } };
  }
  return {
    kind: "answer",
    content: SAID,
    // Different each time, so that no figure is right by chance.
    usage: {
      prompt_tokens: 1_000 + n * 3,
      completion_tokens: 20 + n * 7,
      prompt_tokens_details: { cached_tokens: 300 + n, cache_write_tokens: 40 + n },
      completion_tokens_details: { reasoning_tokens: 3 + n },
    },
    // A stream that is broken off goes on when nobody is left who could have read it.
    stream: {
      gate: (piece) => (piece === 3 && /broken off|aborted/.test(way) ? isOver(taskId) : undefined),
    },
  };
}

// Clients that are made in this thread keep the server that they found first.
beforeAll(async () => {
  server = await startFakeModelServer(reply);
  vi.stubEnv("OPENAI_API_KEY", SECRET);
  vi.stubEnv("OPENAI_BASE_URL", server.baseUrl);
  vi.stubEnv("ANTHROPIC_API_KEY", SECRET);
  vi.stubEnv("ANTHROPIC_BASE_URL", server.baseUrl.replace("/v1", ""));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const attemptIn = ({ body }: FakeModelRequest): string => `${markIn(body).split(" ")[0]}/1`;

interface Done {
  readonly report: RunReport;
  readonly events: readonly RunEvent[];
}

async function done(spec: RunSpec, options: RunOptions): Promise<Done> {
  const run = executeWithParallelism(spec, undefined, { useLlmDeps: false, mode: "parallel", ...options });
  const events: RunEvent[] = [];
  for await (const event of run) {
    events.push(event);
    if (event.type !== "attempt.finished") continue;
    isOver(event.taskId);
    end.get(event.taskId)!();
  }
  const report = await run;
  const failures = Object.values(report.tasks).flatMap(({ failure }) => failure ?? []);
  expect(failures).toEqual([]);
  return { report, events };
}

/** Every attempt, and with them the whole report, says what the server has charged. */
function expectSameBooks({ report, events }: Done, calls: number): void {
  const isOfRun = (request: FakeModelRequest): boolean => attemptIn(request).split("/")[0]! in report.tasks;
  const charged = chargedBy(server, attemptIn, isOfRun);
  expect(Object.fromEntries(countedByAttempt(events))).toEqual(Object.fromEntries(charged));
  const { cacheWrite, ...all } = inAll(charged);
  expect(cacheWrite).toBeGreaterThan(0);
  expect(reported(report)).toEqual(all);
  expect(all.calls).toBe(calls);
  expect(report.cost.byClass.useful.calls + report.cost.byClass["http-retry"].calls).toBe(calls);
  const ends = finishedCalls(events).map(({ state, source }) => `${state} ${source}`);
  const odd = ends.filter((each) => !["ok provider", "aborted provider", "http-error none"].includes(each));
  expect(odd).toEqual([]);
}

const ways = Object.entries(WAYS).flatMap(([client, of]) =>
  Object.keys(of).map((scenario) => ({ client, scenario })),
);
const tries = (scenario: string): number => (/429|500/.test(scenario) ? 3 : scenario === "at once" ? 5 : 1);
const CALLS = ways.reduce((sum, { scenario }) => sum + tries(scenario), 0);
const NOT_WHOLE = ways.filter(({ scenario }) => /broken|aborted|embed/.test(scenario)).length;
/** What a client sends again; who uses `fetch` does not say that it is the same once more. */
const RETRIES = ways.filter(({ client, scenario }) => client !== "fetch" && tries(scenario) === 3).length * 2;

const agents = Object.fromEntries(["ask", "tell"].map((name) => [name, { module: MODULE, export: name }]));

/** Returns tasks that ask in every way, in a random order: one for each client, or for each way. */
function tasksOf(run: string, random: number, isEachAlone: boolean): RunSpec["tasks"] {
  const tasks = isEachAlone
    ? ways.map(({ client, scenario }) => ({ client, scenarios: [scenario] }))
    : Object.entries(WAYS).map(([client, of]) => ({ client, scenarios: Object.keys(of) }));
  let state = random;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const inOrder = tasks.map((input) => ({ input, at: draw() })).sort((a, b) => a.at - b.at);
  const asking = inOrder.map(({ input }, i) => ({ id: `${run}-${i}`, agent: "ask", input }));
  return [...asking, { id: `${run}-teller`, agent: "tell" }];
}

test.each([
  { executor: "inline", maxWorkers: 8 },
  { executor: "thread", maxWorkers: 2 },
  { executor: "process", maxWorkers: 2 },
] as const)("in $executor every client, however it asks, is counted as it is charged", async (where) => {
  for (let round = 0; round < numRuns; round++) {
    const before = server.requests.length;
    // Workers take longer to start than to ask.
    const isEachAlone = numRuns > 1 || where.executor === "inline";
    const tasks = tasksOf(`${where.executor}-${round}`, seed + round, isEachAlone);
    const ended = await done({ tasks, agents }, where);
    expectSameBooks(ended, CALLS + 1);
    expect(ended.report.cost.byClass["http-retry"].calls).toBe(RETRIES);
    const texts = Object.values(ended.report.tasks).flatMap(({ output }) => output ?? []);
    expect(new Set(texts)).toEqual(new Set([SAID, null]));
    expect(texts.filter((text) => text === null)).toHaveLength(NOT_WHOLE);
    const keys = server.requests
      .slice(before)
      .map(({ headers }) => headers["x-api-key"] ?? headers.authorization);
    expect(new Set(keys)).toEqual(new Set([SECRET, `Bearer ${SECRET}`]));
    expect(server.requests.some(({ headers }) => "x-sheaf-token" in headers)).toBe(false);
  }
});

test("what a command asks by every client is counted as it is charged", async () => {
  using place = tempDir();
  const script = `import(${JSON.stringify(MODULE)}).then((all) => all.askInEveryWay("command"))`;
  const tasks = [{ id: "command", run: `node -e '${script}'` }];
  const ended = await done({ dir: place.path, tasks }, {});
  expectSameBooks(ended, CALLS);
  expect(ended.report.cost.byClass["http-retry"].calls).toBe(RETRIES);
});
