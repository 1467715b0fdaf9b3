import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A model server on this machine that says of one task that it needs nothing, and then no more. */
interface HeldModel extends AsyncDisposable {
  readonly baseUrl: string;
  /** Resolves with the moment at which the record is written, by performance.now(). */
  readonly spokenAt: Promise<number>;
}

const RECORD = '{"tasks":[{"task":2,"needs":[]},';

/** Starts a server for one request. */
export async function heldModel(): Promise<HeldModel> {
  let tell = (_at: number): void => {};
  const spokenAt = new Promise<number>((resolve) => {
    tell = resolve;
  });
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const at = performance.now();
      speak(response);
      tell(at);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    spokenAt,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function speak(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const chunk = {
    id: "chatcmpl-held",
    ...{ object: "chat.completion.chunk", created: 0, model: "held" },
    choices: [{ index: 0, delta: { role: "assistant", content: RECORD }, finish_reason: null }],
  };
  response.write(`data: ${JSON.stringify(chunk)}\n\n`);
}
