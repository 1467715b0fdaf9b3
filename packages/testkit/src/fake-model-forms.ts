import type { FakeCompletion, FakeUsage, StreamEvent, StreamPart } from "./fake-model-answer.ts";

/** Interfaces of model servers that are spoken here. */
export type FakeApi = "chat" | "responses" | "embeddings" | "messages";

const PATHS: readonly (readonly [end: RegExp, api: FakeApi])[] = [
  [/\/chat\/completions(\?|$)/, "chat"],
  [/\/responses(\?|$)/, "responses"],
  [/\/embeddings(\?|$)/, "embeddings"],
  [/\/v1\/messages(\?|$)/, "messages"],
];

/** Returns which interface a path leads to, or null. */
export function fakeApiOf(path: string): FakeApi | null {
  return PATHS.find(([end]) => end.test(path))?.[1] ?? null;
}

/** Returns an answer as a body that is not a chat completion. */
export function wholeForm(api: Exclude<FakeApi, "chat">, said: FakeCompletion): Record<string, unknown> {
  const { model } = said;
  const usage = usageForm(api, said.usage);
  if (api === "responses") return responseForm(said, "completed");
  if (api === "embeddings") {
    const data = [{ object: "embedding", index: 0, embedding: [0.25, -0.5] }];
    return { object: "list", data, model, ...(usage === null ? {} : { usage }) };
  }
  return { ...messageForm(said), content: [{ type: "text", text: said.content }], stop_reason: "end_turn" };
}

const cacheWrite = (usage: FakeUsage): number => usage.prompt_tokens_details?.cache_write_tokens ?? 0;

function usageForm(api: Exclude<FakeApi, "chat">, usage: FakeUsage | null): Record<string, unknown> | null {
  if (usage === null) return null;
  const { prompt_tokens: input, completion_tokens: output } = usage;
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0;
  if (api === "embeddings") return { prompt_tokens: input, total_tokens: input };
  if (api === "messages") {
    return {
      input_tokens: input - cached - cacheWrite(usage),
      cache_read_input_tokens: cached,
      cache_creation_input_tokens: cacheWrite(usage),
      output_tokens: output,
      output_tokens_details: { thinking_tokens: reasoning },
    };
  }
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWrite(usage) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

function responseForm(said: FakeCompletion, status: string): Record<string, unknown> {
  const content = [{ type: "output_text", text: said.content, annotations: [] }];
  const isOver = status === "completed";
  return {
    id: "resp-fake",
    object: "response",
    created_at: 0,
    status,
    model: said.model,
    output: isOver ? [{ id: "msg-fake", type: "message", role: "assistant", status, content }] : [],
    usage: isOver ? usageForm("responses", said.usage) : null,
  };
}

function messageForm({ model, usage }: FakeCompletion): Record<string, unknown> {
  const told = usageForm("messages", usage);
  return {
    id: "msg-fake",
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    ...(told === null ? {} : { usage: told }),
  };
}

/** Returns an answer as events that are not those of a chat completion. */
export function eventForms(
  api: "responses" | "messages",
  said: FakeCompletion,
  pieceLength = 16,
): StreamEvent[] {
  const events: StreamEvent[] = [];
  const add = (part: StreamPart, data: { readonly type: string }, tellsUsage = false): void => {
    events.push({ part, name: data.type, data: JSON.stringify(data), tellsUsage });
  };
  const content = said.content ?? "";
  const pieces = Array.from({ length: Math.ceil(content.length / pieceLength) }, (_, i) =>
    content.slice(i * pieceLength, (i + 1) * pieceLength),
  );
  const type = <T extends object>(name: string, more: T): T & { type: string } => ({ type: name, ...more });
  if (api === "responses") {
    add("role", type("response.created", { response: responseForm(said, "in_progress") }));
    for (const delta of pieces) add("content", type("response.output_text.delta", { delta }));
    add("usage", type("response.completed", { response: responseForm(said, "completed") }), true);
    return events;
  }
  const message = messageForm(said);
  const usage = usageForm("messages", said.usage);
  add("role", type("message_start", { message: { ...message, usage: { ...usage, output_tokens: 1 } } }));
  add("role", type("content_block_start", { index: 0, content_block: { type: "text", text: "" } }));
  for (const text of pieces) {
    add("content", type("content_block_delta", { index: 0, delta: { type: "text_delta", text } }));
  }
  add("finish", type("content_block_stop", { index: 0 }));
  add("usage", type("message_delta", { delta: { stop_reason: "end_turn" }, usage }), true);
  add("done", { type: "message_stop" });
  return events;
}
