import {
  FakeClock,
  type FakeModelReply,
  type FakeModelScript,
  type FakeModelServer,
  type FakeStream,
  startFakeModelServer,
} from "@sheaf/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AnswerRecord } from "./answer.ts";
import { type AskOptions, askModel } from "./ask-model.ts";
import type { ModelNotes } from "./model-notes.ts";
import type { ModelSettings } from "./model-settings.ts";

const PROMPT = { system: "You find dependencies.", user: "2, 3" };
const RECORDS = [2, 3, 4].map((task) => ({
  task,
  needs: [{ evidence: "the table", on: 1, type: "data", p: 0.9 }],
}));
const GOOD = JSON.stringify({ tasks: RECORDS });
const GOOD_REPLY: FakeModelReply = { kind: "answer", content: GOOD };

let server: FakeModelServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Asked {
  readonly notes: ModelNotes;
  readonly records: AnswerRecord[];
  readonly answer: Promise<string>;
}

/** Asks a server that follows the script, or gives these replies one after another. */
async function ask(
  script: FakeModelScript | readonly FakeModelReply[],
  { more = {}, ...options }: Partial<AskOptions> & { more?: Partial<ModelSettings> } = {},
): Promise<Asked> {
  const follow: FakeModelScript =
    typeof script === "function" ? script : (call) => script[call - 1] ?? script.at(-1)!;
  server ??= await startFakeModelServer(follow);
  const settings = { apiKey: "key", baseUrl: server.baseUrl, model: "m", timeoutMs: 20_000, ...more };
  const notes: ModelNotes = { usage: [], unmetered: 0, repairs: [] };
  const records: AnswerRecord[] = [];
  const onRecord = (record: AnswerRecord): void => void records.push(record);
  const signal = new AbortController().signal;
  return { notes, records, answer: askModel(PROMPT, settings, { notes, signal, onRecord, ...options }) };
}

const bodies = (): Record<string, unknown>[] =>
  server!.requests.map(({ body }) => body as Record<string, unknown>);

const streamed = (stream: FakeStream, content = GOOD): FakeModelReply => ({
  kind: "answer",
  content,
  stream,
});

const refusedWith = (text: string, problem: RegExp) =>
  expect.objectContaining({
    code: "MODEL_ANSWER_REFUSED",
    details: { problem: expect.stringMatching(problem), text },
  });

describe("askModel", () => {
  it("asks for a stream that tells its usage, and for nothing that the settings do not say", async () => {
    const { answer } = await ask([GOOD_REPLY]);
    expect(await answer).toBe(GOOD);
    const [{ messages, response_format, ...rest } = {}] = bodies();
    expect(rest).toEqual({ model: "m", stream: true, stream_options: { include_usage: true } });
    expect(messages).toEqual([
      { role: "system", content: PROMPT.system },
      { role: "user", content: PROMPT.user },
    ]);
    expect(response_format).toMatchObject({ type: "json_schema" });
  });

  it("sends temperature and effort, and the query of the base URL", async () => {
    server = await startFakeModelServer(() => GOOD_REPLY);
    const baseUrl = `${server.baseUrl}/deployments/d?api-version=2024-10-21`;
    await (await ask([], { more: { temperature: 0.5, effort: "low", baseUrl } })).answer;
    expect(bodies()[0]).toMatchObject({ temperature: 0.5, reasoning_effort: "low" });
    expect(server.requests[0]!.path).toBe("/v1/deployments/d/chat/completions?api-version=2024-10-21");
  });

  it("gives out a record while the model still answers", async () => {
    let go = (): void => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const pieceLength = GOOD.indexOf("},{") + 1;
    const gate = (piece: number): Promise<void> | undefined => (piece === 2 ? held : undefined);
    const { answer, records, notes } = await ask([streamed({ pieceLength, gate })]);
    await vi.waitFor(() => expect(records).toEqual(RECORDS.slice(0, 1)));
    expect(notes).toMatchObject({ usage: [], unmetered: 1 });
    go();
    expect(await answer).toBe(GOOD);
    expect(records).toEqual(RECORDS);
    expect(notes).toMatchObject({ usage: [{ inputTokens: 100 }], unmetered: 0 });
  });

  it("gives out the records of an answer in one piece, too", async () => {
    const { answer, records } = await ask([{ kind: "answer", content: GOOD, as: "json" }]);
    await answer;
    expect(records).toEqual(RECORDS);
  });

  it("hands on what came of an answer that breaks off after a record, and does not pay for it twice", async () => {
    const { answer, records } = await ask([streamed({ stop: { after: "half", by: "cut" } })]);
    const text = GOOD.slice(0, Math.ceil(GOOD.length / 16 / 2) * 16);
    await expect(answer).rejects.toEqual(refusedWith(text, /^it broke off \(the connection was cut\)$/));
    expect(records).toEqual(RECORDS.slice(0, 1));
    expect(server!.requests).toHaveLength(1);
  });

  it.each<[string, FakeModelReply, RegExp]>([
    ["at the token limit", { kind: "answer", content: GOOD, finishReason: "length" }, /token limit/],
    ["by a filter", { kind: "answer", content: GOOD, finishReason: "content_filter" }, /content filter/],
    ["without a word", streamed({ stop: { after: "content", by: "end" } }), /does not say that it has ended/],
  ])("hands on what came of an answer that was cut off %s", async (_, reply, problem) => {
    const { answer } = await ask([reply]);
    await expect(answer).rejects.toEqual(refusedWith(GOOD, problem));
    expect(server!.requests).toHaveLength(1);
  });

  it("does not wait for a server that has said all and holds on to the connection", async () => {
    const chunk = { choices: [{ delta: { content: GOOD }, finish_reason: "stop" }] };
    const body = `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`;
    const headers = { "content-length": String(body.length + 1) };
    const { answer } = await ask([{ kind: "raw", status: 200, body, headers }], { clock: new FakeClock() });
    expect(await answer).toBe(GOOD);
  });

  it.each<[string, FakeModelReply]>([
    ["before its headers", { kind: "stall-headers" }],
    ["in the middle", streamed({ stop: { after: "headers", by: "stall" } })],
  ])("asks again when the server is silent for half a minute %s", async (_, silent) => {
    const clock = new FakeClock();
    const { answer, notes } = await ask([silent, GOOD_REPLY], { clock, more: { timeoutMs: 60_000 } });
    await vi.waitFor(() => expect(server!.requests).toHaveLength(1));
    clock.advance(30_000);
    await vi.waitFor(() => expect(notes.repairs).toHaveLength(1));
    expect(notes.repairs[0]).toBe(
      "The model's server was silent (nothing came for 30000 ms), so it was asked again",
    );
    expect(await server!.requests[0]!.answered).toBe(false);
    clock.advance(500);
    expect(await answer).toBe(GOOD);
    expect(notes).toMatchObject({ usage: [{ inputTokens: 100 }], unmetered: 1 });
    expect(clock.pending).toBe(0);
  });

  it("gives a server half of a longer deadline", async () => {
    const clock = new FakeClock();
    const asked = await ask([{ kind: "stall-headers" }, GOOD_REPLY], { clock, more: { timeoutMs: 600_000 } });
    await vi.waitFor(() => expect(server!.requests).toHaveLength(1));
    clock.advance(299_999);
    expect(asked.notes.repairs).toEqual([]);
    clock.advance(1);
    await vi.waitFor(() => expect(asked.notes.repairs).toHaveLength(1));
    clock.advance(500);
    await asked.answer;
  });

  it("takes what comes in time for a sign of life, however little it is", async () => {
    const clock = new FakeClock();
    const gates: (() => void)[] = [];
    const gate = () => new Promise<void>((resolve) => void gates.push(resolve));
    const pieceLength = Math.ceil(GOOD.length / 4);
    const { answer, notes } = await ask([streamed({ gate, pieceLength })], { clock });
    for (let piece = 0; piece < 4; piece++) {
      await vi.waitFor(() => expect(gates).toHaveLength(piece + 1));
      const { pending } = clock;
      expect(pending).toBe(1);
      clock.advance(20_000);
      gates[piece]!();
      if (piece < 3) await vi.waitFor(() => expect(gates).toHaveLength(piece + 2));
    }
    expect(await answer).toBe(GOOD);
    expect(notes.repairs).toEqual([]);
  });

  it("ends at once with the caller's reason: in a pause, before the headers and in the stream", async () => {
    const replies: FakeModelReply[] = [
      { kind: "rate-limited", retryAfterS: 5 },
      { kind: "stall-headers" },
      streamed({ stop: { after: "half", by: "stall" } }),
    ];
    for (const reply of replies) {
      const caller = new AbortController();
      const { answer, notes, records } = await ask([reply], { signal: caller.signal });
      await vi.waitFor(() => expect(server!.requests).toHaveLength(1));
      const moment = { "rate-limited": () => notes.repairs, "stall-headers": () => [1] } as const;
      const seen = reply.kind === "answer" ? () => records : moment[reply.kind as keyof typeof moment];
      await vi.waitFor(() => expect(seen()).toHaveLength(1));
      caller.abort(new Error("enough"));
      await expect(answer).rejects.toThrow("enough");
      await server!.requests[0]!.answered;
      await server!.close();
      server = undefined;
    }
  });

  it("gives out nothing more once it is aborted", async () => {
    for (const as of ["json", "stream"] as const) {
      const caller = new AbortController();
      const onRecord = vi.fn(() => caller.abort(new Error("enough")));
      const reply: FakeModelReply = { kind: "answer", content: GOOD, as, stream: { pieceLength: 1000 } };
      const { answer } = await ask([reply], { signal: caller.signal, onRecord });
      await expect(answer).rejects.toThrow("enough");
      await server!.close();
      server = undefined;
      expect(onRecord).toHaveBeenCalledTimes(1);
    }
  });

  it("remembers for each server and model what they accept, and asks so the next time", async () => {
    const picky: FakeModelScript = (_, body) => {
      const { response_format, stream_options } = body as {
        response_format?: { type: string };
        stream_options?: unknown;
      };
      if (stream_options !== undefined) return { kind: "stream-options-refused" };
      return response_format?.type === "json_schema" ? { kind: "format-refused" } : GOOD_REPLY;
    };
    const first = await ask(picky);
    await first.answer;
    expect(server!.requests).toHaveLength(3);
    expect(first.notes.repairs).toEqual([
      "The model's server refused to tell what a streamed answer costs, so it was not asked to",
      "The model's server refused to answer in JSON by a schema, so it was asked for JSON",
    ]);
    expect(first.notes).toMatchObject({ usage: [], unmetered: 1 });
    const second = await ask(picky);
    await second.answer;
    expect(server!.requests).toHaveLength(4);
    expect(bodies()[3]).toMatchObject({ response_format: { type: "json_object" } });
    expect(second.notes.repairs).toEqual([]);
    await (await ask(picky, { more: { model: "another" } })).answer;
    expect(server!.requests).toHaveLength(7);
  });

  it("does not remember a form that was never accepted", async () => {
    const { answer } = await ask([{ kind: "format-refused" }, { kind: "quota-exhausted" }, GOOD_REPLY]);
    await expect(answer).rejects.toThrow("quota");
    await (await ask([])).answer;
    expect(bodies().at(-1)).toMatchObject({ response_format: { type: "json_schema" } });
  });

  it("counts no request that no server has seen", async () => {
    server = await startFakeModelServer(() => GOOD_REPLY);
    const { baseUrl } = server;
    await server.close();
    const { answer, notes } = await ask([], { more: { baseUrl, timeoutMs: 1 } });
    await expect(answer).rejects.toThrow("Connection error");
    expect(notes).toMatchObject({ usage: [], unmetered: 0 });
  });
});
