// Whatever a model server does: a forward graph with all declared edges, in time, and books that agree with its own.
import { type Edge, type Task, type TaskSpec, taskId } from "@sheaf/core";
import { type FakeModelReply, type FakeStream, startFakeModelServer } from "@sheaf/testkit";
import { describe, expect, it } from "vitest";
import { type Analysis, analyze } from "./analyze.ts";
import type { AnalyzeRequest } from "./analyze-request.ts";

const listOf = (...tasks: (Partial<TaskSpec> & { id: string })[]): Task[] =>
  tasks.map((task) => ({ ...task, id: taskId(task.id) }) as Task);

/** Undeclared tasks, two that declare files, and one that declares nothing but files behind them. */
const WITH_FILES = listOf(
  ...["a", "b", "c"].map((id) => ({ id, description: `do ${id} für 12 €` })),
  { id: "d", reads: [], writes: ["x"] },
  { id: "e", reads: ["x"], writes: [] },
);

const WITH_DEPENDS_ON = listOf(
  { id: "a" },
  { id: "b", dependsOn: ["a"] },
  { id: "c" },
  { id: "d", dependsOn: ["a", "c"] },
  { id: "e" },
);

const GOOD = JSON.stringify({
  tasks: [2, 3, 4, 5].map((task) => ({
    task,
    needs: [{ evidence: "für 12 €", on: task - 1, type: "logic", p: 0.9 }],
  })),
});
/** In pieces of 16 units no record of it is whole in the first half. */
const LATE = `${"Let me think about that. ".repeat(60)}${GOOD}`;

const streamed = (stream: FakeStream): FakeModelReply => ({ kind: "answer", content: GOOD, stream });
const late = (stop: FakeStream["stop"]): FakeModelReply => ({
  ...streamed({ stop: stop! }),
  ...{ kind: "answer", content: LATE },
});
const raw = (status: number, body: string, headers = {}): FakeModelReply => ({
  kind: "raw",
  status,
  body,
  headers,
});
const events = (...lines: unknown[]): FakeModelReply =>
  raw(
    200,
    lines.map((line) => `data: ${typeof line === "string" ? line : JSON.stringify(line)}\n\n`).join(""),
  );

const AT_ONCE = { "retry-after-ms": "5" };
const GOOD_REPLY: FakeModelReply = { kind: "answer", content: GOOD };
const SHORT_MS = 1000;

interface Case {
  readonly replies: readonly FakeModelReply[];
  /** How many requests it takes. */
  readonly requests: number;
  readonly timeoutMs?: number;
  /** The texts of the list take some 40,000 characters. */
  readonly isLong?: true;
}

const PAD = "and so on ".repeat(400);
const lengthened = (tasks: readonly Task[]): Task[] =>
  tasks.map((task) => ({ ...task, description: `${task.description ?? ""}${PAD}`, input: PAD }));

const TOO_LONG = raw(400, `{"error":{"message":"too long","code":"context_length_exceeded"}}`);

/** In the end there is an answer. */
const ANSWERED: Readonly<Record<string, Case>> = {
  "a stream": { replies: [GOOD_REPLY], requests: 1 },
  "a stream with the usage in its last chunk": {
    replies: [streamed({ usageIn: "last-chunk" })],
    requests: 1,
  },
  "a stream with the usage in all chunks": { replies: [streamed({ usageIn: "every-chunk" })], requests: 1 },
  "a stream without usage": { replies: [{ kind: "answer", content: GOOD, usage: null }], requests: 1 },
  "a stream in lines that end in CRLF": { replies: [streamed({ lineEnd: "\r\n" })], requests: 1 },
  "a stream torn in the middle of characters": { replies: [streamed({ bytesAtOnce: 3 })], requests: 1 },
  "a stream that comes drop by drop": {
    replies: [streamed({ gate: () => new Promise((resolve) => setImmediate(resolve)) })],
    requests: 1,
  },
  "a stream that calls itself JSON": {
    replies: [streamed({ contentType: "application/json" })],
    requests: 1,
  },
  "a server that does not stream": { replies: [{ kind: "answer", content: GOOD, as: "json" }], requests: 1 },
  "one answer that calls itself a stream": {
    replies: [{ kind: "answer", content: GOOD, as: "json", contentType: "text/event-stream" }],
    requests: 1,
  },
  "an answer that calls itself a page": {
    replies: [{ kind: "answer", content: GOOD, as: "json", contentType: "text/html" }],
    requests: 1,
  },
  "an answer in prose and fences": {
    replies: [{ kind: "answer", content: `Sure:\n\`\`\`json\n${GOOD}\n\`\`\`` }],
    requests: 1,
  },
  "a server that refuses a schema": { replies: [{ kind: "format-refused" }, GOOD_REPLY], requests: 2 },
  "a server that refuses a schema in the stream": {
    replies: [events({ error: { message: "no json_schema", code: 400 } }), GOOD_REPLY],
    requests: 2,
  },
  "a server that refuses to tell the usage": {
    replies: [{ kind: "stream-options-refused" }, GOOD_REPLY],
    requests: 2,
  },
  "a limit that is over at once": {
    replies: [{ kind: "rate-limited", retryAfterS: 0 }, GOOD_REPLY],
    requests: 2,
  },
  "a limit in milliseconds": {
    replies: [{ kind: "rate-limited", headers: { "retry-after-ms": "20" } }, GOOD_REPLY],
    requests: 2,
  },
  "a limit until a date": {
    replies: [{ kind: "rate-limited", headers: { "retry-after": new Date(0).toUTCString() } }, GOOD_REPLY],
    requests: 2,
  },
  "a limit that says nothing": { replies: [{ kind: "rate-limited" }, GOOD_REPLY], requests: 2 },
  "a server that is slow (408)": { replies: [raw(408, "", AT_ONCE), GOOD_REPLY], requests: 2 },
  "a lock (409)": { replies: [raw(409, "", AT_ONCE), GOOD_REPLY], requests: 2 },
  "a server that fails once": { replies: [raw(500, "oops", AT_ONCE), GOOD_REPLY], requests: 2 },
  "a gateway that fails twice": {
    replies: [raw(502, "<html>", AT_ONCE), raw(503, "", AT_ONCE), GOOD_REPLY],
    requests: 3,
  },
  "a cut before the headers": {
    replies: [{ kind: "disconnect", when: "before-headers" }, GOOD_REPLY],
    requests: 2,
  },
  "a cut in the body": { replies: [{ kind: "disconnect", when: "in-body" }, GOOD_REPLY], requests: 2 },
  "a cut before the first record": { replies: [late({ after: "half", by: "cut" }), GOOD_REPLY], requests: 2 },
  "an end before the first record": {
    replies: [late({ after: "half", by: "end" }), GOOD_REPLY],
    requests: 2,
  },
  "a cut after the end, before the usage": {
    replies: [streamed({ stop: { after: "finish", by: "cut" } })],
    requests: 1,
  },
  "a cut after the last record": {
    replies: [streamed({ usageIn: "every-chunk", stop: { after: "content", by: "cut" } })],
    requests: 1,
  },
  "a cut in the middle of the records": {
    replies: [streamed({ stop: { after: "half", by: "cut" } }), GOOD_REPLY],
    requests: 2,
  },
  "an error in the stream": {
    replies: [events({ error: { message: "overloaded" } }), GOOD_REPLY],
    requests: 2,
  },
  "a list that is too long": { replies: [TOO_LONG, GOOD_REPLY], requests: 2, isLong: true },
  "a list that is too long for a vLLM": {
    replies: [
      raw(400, `{"object":"error","message":"This model's maximum context length is 4096 tokens."}`),
      GOOD_REPLY,
    ],
    requests: 2,
    isLong: true,
  },
  "a list that is too long, said in the stream": {
    replies: [events({ error: { message: "it exceeds the available context size" } }), GOOD_REPLY],
    requests: 2,
    isLong: true,
  },
  "a list that is too large for a gateway": {
    replies: [raw(413, "<html>"), GOOD_REPLY],
    requests: 2,
    isLong: true,
  },
};

/** There is no whole answer, and what there is cannot hurt. */
const FAILED: Readonly<Record<string, Case>> = {
  "a server that always fails": { replies: [raw(500, "oops", AT_ONCE)], requests: 3 },
  "a limit of 90 s": { replies: [{ kind: "rate-limited", retryAfterS: 90 }], requests: 1 },
  "a limit until tomorrow": {
    replies: [
      { kind: "rate-limited", headers: { "retry-after": new Date(Date.now() + 86_400_000).toUTCString() } },
    ],
    requests: 1,
  },
  "a limit without end": { replies: [{ kind: "rate-limited", retryAfterS: 0 }], requests: 3 },
  "no quota": { replies: [{ kind: "quota-exhausted" }], requests: 1 },
  "no quota, said in the stream": {
    replies: [events({ error: { message: "no", code: "insufficient_quota" } })],
    requests: 1,
  },
  "a bad request, said in the stream": {
    replies: [events({ error: { message: "no", code: 400 } })],
    requests: 4,
  },
  "a bad key": { replies: [raw(401, `{"error":{"message":"bad"}}`)], requests: 1 },
  "no such model": { replies: [raw(404, "{}")], requests: 1 },
  "no format that it takes": { replies: [{ kind: "format-refused" }], requests: 3 },
  "nothing that it takes": { replies: [raw(400, "no")], requests: 4 },
  "another option that it refuses": {
    replies: [raw(400, `{"error":{"message":"no","param":"temperature"}}`)],
    requests: 1,
  },
  "a list that is always too long": { replies: [TOO_LONG], requests: 2, isLong: true },
  "a short list that is too long": { replies: [TOO_LONG], requests: 1 },
  "a page": { replies: [{ kind: "html" }], requests: 1 },
  "an empty body": { replies: [raw(200, "")], requests: 1 },
  "an empty stream": {
    replies: [raw(200, "data: [DONE]\n\n", { "content-type": "text/event-stream" })],
    requests: 1,
  },
  "half of JSON": { replies: [raw(200, "{nope")], requests: 1 },
  "no choices": { replies: [{ kind: "no-choices" }], requests: 1 },
  "events of another schema": { replies: [events({ foo: 1 }, { choices: "none" })], requests: 1 },
  "events that are no JSON": { replies: [events("{nope")], requests: 3 },
  "no answer at all": { replies: [{ kind: "stall-headers" }], requests: 1, timeoutMs: SHORT_MS },
  "half of an answer": { replies: [{ kind: "stall-body" }], requests: 1, timeoutMs: SHORT_MS },
  ...Object.fromEntries(
    (["headers", "half", "content", "finish"] as const).map((after) => [
      `a stall after ${after}`,
      { replies: [streamed({ stop: { after, by: "stall" } })], requests: 1, timeoutMs: SHORT_MS },
    ]),
  ),
  "a stall after the usage": {
    replies: [streamed({ usageIn: "every-chunk", stop: { after: "content", by: "stall" } })],
    requests: 1,
    timeoutMs: SHORT_MS,
  },
  "a stall after a failure": {
    replies: [{ kind: "rate-limited", retryAfterS: 0 }, { kind: "stall-headers" }],
    requests: 2,
    timeoutMs: SHORT_MS,
  },
  "cuts before the headers": { replies: [{ kind: "disconnect", when: "before-headers" }], requests: 3 },
  "cuts after the first record": {
    replies: [streamed({ stop: { after: "half", by: "cut" } })],
    requests: 2,
  },
  "cuts before the first record, after usage": {
    replies: [
      {
        kind: "answer",
        content: LATE,
        stream: { usageIn: "every-chunk", stop: { after: "half", by: "cut" } },
      },
    ],
    requests: 3,
  },
  "no word that it has ended": {
    replies: [streamed({ stop: { after: "content", by: "end" } })],
    requests: 1,
  },
  "half a line": { replies: [streamed({ stop: { after: "half", by: "half-line" } })], requests: 2 },
  "a limit of tokens": {
    replies: [{ kind: "answer", content: GOOD.slice(0, -90), finishReason: "length" }],
    requests: 2,
  },
  "a filter": { replies: [{ kind: "answer", content: "", finishReason: "content_filter" }], requests: 1 },
  "a refusal": { replies: [{ kind: "answer", content: null, refusal: "I may not" }], requests: 1 },
  "an answer about nothing": { replies: [{ kind: "answer", content: '{"tasks":[]}' }], requests: 2 },
  "an answer of another schema": { replies: [{ kind: "answer", content: '{"edges":[[1,2]]}' }], requests: 1 },
  "edges that cannot be": {
    replies: [{ kind: "answer", content: GOOD.replaceAll(/"on":\d/g, '"on":7') }],
    requests: 1,
  },
};

/** Work that holds up the tests beside it. */
const HUGE: Readonly<Record<string, Case>> = {
  "a huge stream": { replies: [{ kind: "huge", bytes: 5 * 2 ** 20 }], requests: 1 },
  "a huge answer": { replies: [{ kind: "huge", bytes: 17 * 2 ** 20, as: "json" }], requests: 1 },
};

function expectForward(edges: readonly Edge[], tasks: readonly Task[]): void {
  const places = new Map(tasks.map((task, place) => [task.id, place]));
  for (const { from, to } of edges) expect(places.get(from)!).toBeLessThan(places.get(to)!);
  expect(new Set(edges.map(({ from, to }) => `${from} ${to}`)).size).toBe(edges.length);
}

async function analyzed({ replies, requests, timeoutMs = 10_000 }: Case, request: Partial<AnalyzeRequest>) {
  await using server = await disposable(replies);
  const model = { apiKey: "k", baseUrl: server.baseUrl, model: "m", timeoutMs };
  const start = performance.now();
  const analysis = await analyze({ tasks: [], autoDetect: true, askModel: "always", model, ...request });
  expect(performance.now() - start).toBeLessThan(timeoutMs + 1000);
  expect(server.requests).toHaveLength(requests);
  const version = process.env.TEST_OPENAI ?? "6";
  for (const { headers } of server.requests) expect(headers["user-agent"]).toContain(`OpenAI/JS ${version}.`);
  // Only then has the server said all that it will, in its own books too.
  await Promise.all(server.requests.map(({ answered }) => answered));
  const told = server.charged.filter((charge) => charge.told).map(({ usage }) => usage);
  expect(analysis.usage.map(({ inputTokens, outputTokens }) => [inputTokens, outputTokens])).toEqual(
    told.map((usage) => [usage.prompt_tokens, usage.completion_tokens]),
  );
  expect(analysis.unmetered).toBe(server.charged.length - told.length);
  expect(analysis.fallbacks.some(({ reason }) => reason.includes("not told"))).toBe(analysis.unmetered > 0);
  expectForward(analysis.edges, request.tasks!);
  return analysis;
}

async function disposable(replies: readonly FakeModelReply[]) {
  const server = await startFakeModelServer((call) => replies[call - 1] ?? replies.at(-1)!);
  return { ...server, [Symbol.asyncDispose]: server.close };
}

const pairs = ({ edges }: Analysis, source: string): string[] =>
  edges.filter((edge) => edge.source === source).map(({ from, to }) => `${from}-${to}`);

const both = (one: Case): Promise<[Analysis, Analysis]> => {
  const listFor = (tasks: readonly Task[]) => (one.isLong === true ? lengthened(tasks) : tasks);
  return Promise.all([
    analyzed(one, { tasks: listFor(WITH_FILES), askModel: "when-needed" }),
    analyzed(one, { tasks: listFor(WITH_DEPENDS_ON), askModel: "always" }),
  ]);
};

async function expectAnswer(one: Case): Promise<void> {
  const [withFiles, withDependsOn] = await both(one);
  expect(pairs(withFiles, "llm")).toEqual(["a-b", "b-c", "c-d"]);
  expect(pairs(withFiles, "files")).toEqual(["d-e"]);
  expect(pairs(withDependsOn, "declared")).toEqual(["a-b", "a-d", "c-d"]);
  expect(pairs(withDependsOn, "llm")).toEqual(["b-c", "d-e"]);
  const isShorter = withFiles.fallbacks.some(({ reason }) => reason.includes("of the list as too long"));
  expect(isShorter).toBe(one.isLong === true);
}

async function expectFallback(one: Case): Promise<void> {
  const [withFiles, withDependsOn] = await both(one);
  expect(pairs(withFiles, "files")).toEqual(["d-e"]);
  expect(pairs(withDependsOn, "declared")).toEqual(["a-b", "a-d", "c-d"]);
  for (const { fallbacks } of [withFiles, withDependsOn]) expect(fallbacks).not.toEqual([]);
}

describe.concurrent("analyze, with a model server that has", () => {
  it.each(Object.entries(ANSWERED))("%s: takes its answer", (_, one) => expectAnswer(one));
  it.each(Object.entries(FAILED))("%s: keeps what is declared, and says so", (_, one) => expectFallback(one));
});

describe("analyze, with a model server that sends", () => {
  it.each(Object.entries(HUGE))("%s: keeps what is declared, and says so", (_, one) => expectFallback(one));
});
