// A model server that stalls holds up nothing beyond the deadline: not the analysis, and not the end of the process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type FakeModelReply, startFakeModelServer } from "@sheaf/testkit";
import { expect, test } from "vitest";

const analyzer = new URL("../../../packages/analyzer/dist/index.js", import.meta.url).href;
const cwd = fileURLToPath(new URL("../../../packages/analyzer", import.meta.url));

// Exit code 3: something still keeps the process alive 5 s after the analysis.
const PROGRAM = `
  import { analyze } from ${JSON.stringify(analyzer)};
  const model = { apiKey: "k", baseUrl: process.env.SERVER, model: "m", timeoutMs: 1000 };
  const tasks = ["a", "b", "c"].map((id) => ({ id, description: "do " + id }));
  const { edges, unmetered } = await analyze({ tasks, autoDetect: true, askModel: "when-needed", model });
  console.log(JSON.stringify([edges.length, unmetered]));
  setTimeout(() => process.exit(3), 5000).unref();
`;

const content = JSON.stringify({ tasks: [{ task: 2, needs: [] }] });

test.each<[string, FakeModelReply]>([
  ["before its headers", { kind: "stall-headers" }],
  ["in an answer in one piece", { kind: "stall-body" }],
  ["in a stream", { kind: "answer", content, stream: { stop: { after: "half", by: "stall" } } }],
])("a process that asked a server which stalls %s ends after the deadline", async (_, reply) => {
  const server = await startFakeModelServer(() => reply);
  try {
    const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], {
      cwd,
      env: { ...process.env, SERVER: server.baseUrl },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (text) => {
      output += text;
    });
    const [code] = await once(child, "close");
    expect(output).toBe("[2,1]\n");
    expect(code).toBe(0);
    expect(await server.requests[0]!.answered).toBe(false);
  } finally {
    await server.close();
  }
});
