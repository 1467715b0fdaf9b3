import type { ServerResponse } from "node:http";
import type { FakeCompletion, StreamEvent, StreamPart } from "./fake-model-answer.ts";
import { eventForms, type FakeApi } from "./fake-model-forms.ts";

/** How a fake model server streams an answer. */
export interface FakeStream {
  /** UTF-16 code units in a chunk. @default 16 */
  readonly pieceLength?: number;
  /** Called before each piece of the content; the stream goes on when it resolves. The first piece has number 1. */
  readonly gate?: (piece: number) => Promise<unknown> | undefined;
  /** Where the usage stands: in a chunk of its own without choices, in the one that ends the answer, or in all. */
  readonly usageIn?: "own-chunk" | "last-chunk" | "every-chunk";
  /** Ends the stream early: how, and after what has been sent. */
  readonly stop?: {
    readonly after: "headers" | "half" | "content" | "finish" | "usage";
    readonly by: "stall" | "cut" | "end" | "half-line";
  };
  /** @default "text/event-stream; charset=utf-8" */
  readonly contentType?: string;
  readonly lineEnd?: "\n" | "\r\n";
  /** Bytes in one write, so that lines and characters are torn. */
  readonly bytesAtOnce?: number;
}

/** Sends an answer as events; `told` is called when the usage has been sent. */
export async function sendStream(
  response: ServerResponse,
  said: FakeCompletion,
  { api, stream, told }: { readonly api: FakeApi; readonly stream: FakeStream; readonly told: () => void },
): Promise<void> {
  const { gate, stop, lineEnd = "\n", bytesAtOnce } = stream;
  response.writeHead(200, { "content-type": stream.contentType ?? "text/event-stream; charset=utf-8" });
  response.flushHeaders();
  const isNamed = api === "responses" || api === "messages";
  const events = isNamed ? eventForms(api, said, stream.pieceLength) : eventsOf(said, stream);
  const sent = stop === undefined ? events : events.slice(0, countUntil(events, stop.after));
  let piece = 0;
  for (const { part, name, data, tellsUsage } of sent) {
    if (part === "content") {
      piece++;
      await gate?.(piece);
    }
    if (response.destroyed) return;
    const named = name === undefined ? "" : `event: ${name}${lineEnd}`;
    await write(response, `${named}data: ${data}${lineEnd}${lineEnd}`, bytesAtOnce);
    if (tellsUsage && !response.destroyed) told();
  }
  if (stop?.by === "stall" || response.destroyed) return;
  if (stop?.by === "cut") response.destroy();
  else if (stop?.by === "half-line") response.end(`data: ${JSON.stringify(chunk(said, {})).slice(0, 25)}`);
  else response.end();
}

function countUntil(events: readonly StreamEvent[], after: NonNullable<FakeStream["stop"]>["after"]): number {
  if (after === "headers") return 0;
  const parts = events.map(({ part }) => part);
  const contents = parts.filter((part) => part === "content").length;
  if (after === "half") return parts.indexOf("content") + Math.ceil(contents / 2);
  const last = parts.lastIndexOf(after);
  if (last === -1) throw new Error(`this stream has no ${after} to stop after`);
  return last + 1;
}

function eventsOf(said: FakeCompletion, { pieceLength = 16, usageIn = "own-chunk" }: FakeStream) {
  const events: StreamEvent[] = [];
  const add = (part: StreamPart, body: Record<string, unknown>, at?: "own-chunk" | "last-chunk"): void => {
    const tellsUsage = said.usage !== null && (usageIn === "every-chunk" || usageIn === at);
    const data = JSON.stringify({ ...chunk(said, body), ...(tellsUsage ? { usage: said.usage } : {}) });
    events.push({ part, data, tellsUsage });
  };
  add("role", choice({ role: "assistant", content: "" }));
  const content = said.content ?? "";
  for (let i = 0; i < content.length; i += pieceLength) {
    add("content", choice({ content: content.slice(i, i + pieceLength) }));
  }
  if (said.refusal !== null) add("content", choice({ refusal: said.refusal }));
  if (said.finishReason !== null) add("finish", choice({}, said.finishReason), "last-chunk");
  if (said.usage !== null && usageIn === "own-chunk") add("usage", { choices: [] }, "own-chunk");
  events.push({ part: "done", data: "[DONE]", tellsUsage: false });
  return events;
}

const chunk = ({ model }: FakeCompletion, body: Record<string, unknown>): Record<string, unknown> => {
  return { id: "chatcmpl-fake", object: "chat.completion.chunk", created: 0, model, ...body };
};

const choice = (delta: Record<string, unknown>, finishReason: string | null = null) => {
  return { choices: [{ index: 0, delta, finish_reason: finishReason, logprobs: null }] };
};

async function write(response: ServerResponse, text: string, bytesAtOnce = Number.MAX_SAFE_INTEGER) {
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length && !response.destroyed; i += bytesAtOnce) {
    const part = bytes.subarray(i, Math.min(bytes.length, i + bytesAtOnce));
    await new Promise<void>((resolve, reject) => {
      response.write(part, (error) => (error ? reject(error) : resolve()));
    });
  }
}
