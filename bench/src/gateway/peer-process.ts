// A model server and a client in a process of their own, so that the gateway's time is its own.
import { once } from "node:events";
import { Agent, createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AT_ONCE, CALLS, type Job } from "./ways.ts";

const USAGE = { prompt_tokens: 1_000, completion_tokens: 200, total_tokens: 1_200 };
const EVENTS = 20;
const HEAD = { id: "chatcmpl", object: "chat.completion", created: 0, model: "m" };

const server = createServer(async (asked, response) => {
  let body = "";
  for await (const chunk of asked.setEncoding("utf8")) body += chunk;
  if ((JSON.parse(body) as { stream: boolean }).stream) await sendStream(response);
  else {
    const message = { role: "assistant", content: "some words ".repeat(80) };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...HEAD, choices, usage: USAGE }));
  }
});

async function sendStream(response: ServerResponse): Promise<void> {
  const send = async (data: string): Promise<void> => {
    response.write(`data: ${data}\n\n`);
    // So that each comes in a piece of its own.
    await new Promise(setImmediate);
  };
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let i = 1; i <= EVENTS; i++) {
    const choice = {
      index: 0,
      delta: { content: " some words" },
      finish_reason: i === EVENTS ? "stop" : null,
    };
    await send(JSON.stringify({ ...HEAD, choices: [choice] }));
  }
  await send(JSON.stringify({ ...HEAD, choices: [], usage: USAGE }));
  await send("[DONE]");
  response.end();
}

const agent = new Agent({ keepAlive: true });
let asked = 0;

async function call({ url, key, stream }: Job): Promise<void> {
  asked++;
  const content = `Question ${asked}: ${"what is it ".repeat(100)}`;
  const body = JSON.stringify({ model: "m", stream, max_tokens: 500, messages: [{ role: "user", content }] });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const sent = request(url, { agent, method: "POST", headers }).end(body);
  const [response] = await once(sent, "response");
  if (response.statusCode !== 200) throw new Error(`Expected status 200, got ${response.statusCode}`);
  response.resume();
  await once(response, "end");
}

process.on("message", async (job: Job) => {
  let left = CALLS;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await call(job);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  process.send!("done");
});

server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));
