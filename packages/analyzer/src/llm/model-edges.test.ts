import { type Task, taskId } from "@sheaf/core";
import { type FakeModelReply, type FakeModelServer, startFakeModelServer } from "@sheaf/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ModelFindings, modelEdges } from "./model-edges.ts";

const TASKS: Task[] = [
  { id: taskId("fetch"), description: "Download the raw table" },
  { id: taskId("clean"), description: "Clean the raw table" },
  { id: taskId("plot"), description: "Plot the clean table" },
];

const QUESTION = {
  tasks: TASKS,
  isSet: false,
  targets: new Set([1]),
  others: [],
  votes: 0,
  cacheDir: null,
  signal: undefined,
};

const GOOD = JSON.stringify({
  tasks: [
    { task: 2, needs: [{ evidence: "the raw table", on: 1, type: "data", p: 0.9 }] },
    { task: 3, needs: [{ evidence: "the clean table", on: 2, type: "data", p: 0.8 }] },
  ],
});

const USAGE = { model: "fake-model-1", inputTokens: 100, outputTokens: 20 };
const DEADLINE_MS = 300;
const API_KEY = "sk-very-secret";

let server: FakeModelServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function ask(
  replies: readonly FakeModelReply[],
  { timeoutMs = 20_000, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<ModelFindings> {
  server = await startFakeModelServer((call) => replies[call - 1] ?? replies.at(-1)!);
  const settings = { apiKey: API_KEY, baseUrl: server.baseUrl, model: "m", timeoutMs, temperature: 0 };
  return await modelEdges({ ...QUESTION, targets: new Set([2, 1]), settings, signal });
}

const formats = (): unknown[] =>
  server!.requests.map(({ body }) => (body as { response_format?: { type: string } }).response_format?.type);

describe("modelEdges", () => {
  it("returns edges with their evidence and books what the answer cost", async () => {
    const findings = await ask([{ kind: "answer", content: GOOD }]);
    expect(findings.edges.map((edge) => [edge.from, edge.to, edge.probability, edge.evidence])).toEqual([
      ["fetch", "clean", 0.9, "the raw table"],
      ["clean", "plot", 0.8, "the clean table"],
    ]);
    expect([...findings.answered]).toEqual([1, 2]);
    expect(findings).toMatchObject({ problem: null, repairs: [] });
    expect(findings.usage).toEqual([{ ...USAGE, provider: new URL(server!.baseUrl).host }]);
  });

  it("asks once, by a strict schema, with the key in a header alone", async () => {
    await ask([{ kind: "answer", content: GOOD }]);
    expect(server!.requests).toHaveLength(1);
    const { headers, body } = server!.requests[0]!;
    expect(headers.authorization).toBe(`Bearer ${API_KEY}`);
    expect(body).toMatchObject({
      model: "m",
      temperature: 0,
      response_format: { type: "json_schema", json_schema: { strict: true } },
    });
    expect(JSON.stringify(body)).not.toContain(API_KEY);
    expect(JSON.stringify(body)).toContain("each of these tasks: 2, 3");
  });

  it("takes nothing from the environment and writes nothing to the console", async () => {
    const foreign = {
      OPENAI_LOG: "debug",
      OPENAI_ORG_ID: "org-of-somebody",
      OPENAI_PROJECT_ID: "project-of-somebody",
      OPENAI_CUSTOM_HEADERS: "Authorization: Bearer key-of-somebody",
      OPENAI_BASE_URL: "http://127.0.0.1:1/v1",
    };
    for (const [name, value] of Object.entries(foreign)) vi.stubEnv(name, value);
    const spies = (["debug", "info", "warn", "error"] as const).map((level) => vi.spyOn(console, level));
    await ask([{ kind: "html" }]);
    vi.unstubAllEnvs();
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    expect(JSON.stringify(server!.requests[0]!.headers)).not.toContain("somebody");
    vi.restoreAllMocks();
  });

  it("asks in a plainer format where the server refuses one, three times at most", async () => {
    const refused = { kind: "format-refused" } as const;
    const findings = await ask([refused, refused, { kind: "answer", content: `Here: ${GOOD}` }]);
    expect(formats()).toEqual(["json_schema", "json_object", undefined]);
    expect(findings.edges).toHaveLength(2);
    expect(findings.repairs).toEqual([
      "The model's server refused to answer in JSON by a schema, so it was asked for JSON",
      "The model's server refused to answer in JSON, so it was asked for plain text",
    ]);
    await server!.close();
    expect((await ask([refused])).problem).toContain("answered 400");
    expect(server!.requests).toHaveLength(3);
  });

  it("does not ask again where a list that is short is too long for the model", async () => {
    const body = JSON.stringify({ error: { message: "too long", code: "context_length_exceeded" } });
    expect((await ask([{ kind: "raw", status: 400, body }])).problem).toContain("400 too long");
    expect(server!.requests).toHaveLength(1);
  });

  it.each<[string, FakeModelReply, string]>([
    [
      "429 with a long Retry-After",
      { kind: "rate-limited", retryAfterS: 90 },
      "answered 429 Rate limit reached: it asks for a pause of 90 s, and 20 s are left",
    ],
    ["an account without money", { kind: "quota-exhausted" }, "answered 429 You exceeded your current quota"],
    [
      "a bad key",
      { kind: "raw", status: 401, body: `{"error":{"message":"bad ${API_KEY}"}}` },
      "401 bad ***",
    ],
    ["a body that is no JSON", { kind: "raw", status: 200, body: "{nope" }, 'text that is not JSON: "{nope"'],
    [
      "an empty body",
      { kind: "raw", status: 200, body: "", headers: { "content-length": "0" } },
      "no completion (nothing)",
    ],
    ["a page for people", { kind: "html" }, "sent text that is not JSON"],
    ["a huge answer", { kind: "huge", bytes: 5 * 2 ** 20 }, "longer than 4194304 characters"],
    ["a huge body", { kind: "huge", bytes: 17 * 2 ** 20, as: "json" }, "larger than 16777216 bytes"],
  ])("ends %s as a problem, without a second request", async (_, reply, problem) => {
    const findings = await ask([reply]);
    expect(findings.problem).toContain(problem);
    expect(findings).toMatchObject({ edges: [], usage: [] });
    expect(findings.answered.size).toBe(0);
    expect(server!.requests).toHaveLength(1);
  });

  it.each<[string, FakeModelReply, string]>([
    ["a failing server", { kind: "raw", status: 500, body: "oops" }, "The model's server answered 500 oops"],
    [
      "cuts before the headers",
      { kind: "disconnect", when: "before-headers" },
      "The model's server cannot be reached (other side closed)",
    ],
    [
      "cuts in the body",
      { kind: "disconnect", when: "in-body" },
      "The model's answer broke off (other side closed)",
    ],
  ])("ends %s as a problem after three requests, and says so", async (_, reply, problem) => {
    const findings = await ask([reply]);
    expect(findings.problem).toBe(problem);
    expect(findings.repairs).toEqual([`${problem}, so it was asked again`]);
    expect(server!.requests).toHaveLength(3);
  });

  it.each<[string, FakeModelReply, string]>([
    ["no choices", { kind: "no-choices" }, "without choices"],
    [
      "an answer that was cut off early",
      { kind: "answer", content: '{"tasks":[{"task":2,', finishReason: "length" },
      "token limit",
    ],
    ["a filtered answer", { kind: "answer", content: "", finishReason: "content_filter" }, "content filter"],
    ["a refusal", { kind: "answer", content: null, refusal: "no" }, "declined"],
    ["prose", { kind: "answer", content: "They all depend on each other." }, "no JSON object"],
    ["another schema", { kind: "answer", content: '{"edges":[[1,2]]}' }, "no list of `tasks`"],
    ["a blank answer", { kind: "answer", content: " ".repeat(1000) }, "it is empty"],
  ])("refuses %s and books what it cost", async (_, reply, problem) => {
    const findings = await ask([reply]);
    expect(findings.problem).toContain(problem);
    expect(findings.edges).toEqual([]);
    expect(findings.usage).toMatchObject([USAGE]);
  });

  it("asks once more where an answer says nothing about the tasks", async () => {
    const findings = await ask([{ kind: "answer", content: '{"tasks":[]}' }]);
    expect(findings.problem).toBe("The model's answer says nothing about the tasks it was asked about");
    expect(findings).toMatchObject({ edges: [], repaired: { missing: 2 }, usage: [USAGE, USAGE] });
    expect(server!.requests).toHaveLength(2);
  });

  it.each(["stall-headers", "stall-body"] as const)(
    "gives up a server in %s at the deadline, and its connection with it",
    async (kind) => {
      const start = performance.now();
      const findings = await ask([{ kind }], { timeoutMs: DEADLINE_MS });
      expect(performance.now() - start).toBeLessThan(DEADLINE_MS + 1000);
      expect(findings.problem).toBe(`The model gave no answer within ${DEADLINE_MS} ms`);
      expect(await server!.requests[0]!.answered).toBe(false);
    },
  );

  it("keeps one deadline over all requests, and what was noted before it", async () => {
    const findings = await ask([{ kind: "format-refused" }, { kind: "stall-body" }], {
      timeoutMs: DEADLINE_MS,
    });
    expect(findings.problem).toContain("no answer within");
    expect(findings.repairs).toHaveLength(1);
  });

  it("throws the caller's reason at once when it aborts in the middle", async () => {
    const caller = new AbortController();
    server = await startFakeModelServer(() => {
      caller.abort(new Error("enough"));
      return { kind: "stall-body" };
    });
    const settings = { apiKey: "k", baseUrl: server.baseUrl, model: "m" };
    const asking = modelEdges({ ...QUESTION, settings, signal: caller.signal });
    await expect(asking).rejects.toThrow("enough");
    expect(await server.requests[0]!.answered).toBe(false);
  });

  it("takes unusable settings for a problem too", async () => {
    const nowhere = { apiKey: "k", baseUrl: "http://127.0.0.1:1/v1", model: "m" };
    expect((await modelEdges({ ...QUESTION, settings: nowhere })).problem).toContain("cannot be reached");
    const noUrl = { apiKey: "k", baseUrl: "not a url", model: "m" };
    expect((await modelEdges({ ...QUESTION, settings: noUrl })).problem).toContain("Invalid URL");
    const noKey = { apiKey: "", baseUrl: "http://127.0.0.1:1/v1", model: "m" };
    expect((await modelEdges({ ...QUESTION, settings: noKey })).problem).not.toBeNull();
  });
});
