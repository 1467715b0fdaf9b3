// Thousands of tasks ask a model at once, with few file descriptors or many: each is counted for its own call.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { caseCount, type FakeModelServer, startFakeModelServer } from "@sheaf/testkit";
import { afterEach, expect, test } from "vitest";
import { markIn } from "./fixtures/model-books.ts";

const PROGRAM = fileURLToPath(new URL("./fixtures/many-callers.mjs", import.meta.url));
const THREAD = fileURLToPath(new URL("./fixtures/calling-thread.mjs", import.meta.url));
const TASKS = caseCount({ ci: 500, deep: 10_000 });

/** Of a process, as many a system gives it, and as this one does. */
const LIMITS = TASKS > 500 ? [1_024, 20_000] : [1_024];

let server: FakeModelServer;
afterEach(() => server.close());

test.each(LIMITS)("all at once, with %i descriptors", async (descriptors) => {
  const atOnce = Math.min(TASKS, Math.floor(descriptors / 5));
  let goOn = (): void => {};
  const areAllThere = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  // Nobody is answered before as many have asked as can be on their way.
  server = await startFakeModelServer((n, body) => {
    if (n === atOnce) goOn();
    const i = Number(markIn(body).slice(1));
    return {
      kind: "answer",
      content: `for t${i}.`,
      usage: { prompt_tokens: 10 + 2 * i, completion_tokens: 1 + 3 * i },
      stream: { gate: () => (n <= atOnce ? areAllThere : undefined) },
    };
  });
  const env = { ...process.env, OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: "sk-real-key" };
  const command = `ulimit -n ${descriptors}; exec "$0" "$@"`;
  const { stdout } = await promisify(execFile)(
    "bash",
    ["-c", command, process.execPath, PROGRAM, String(TASKS), String(TASKS)],
    { env, maxBuffer: 2 ** 28 },
  );
  const { counted, odd, cost } = JSON.parse(stdout);
  expect(odd).toEqual([]);
  expect(server.requests).toHaveLength(TASKS);
  for (let i = 0; i < TASKS; i++) {
    expect(counted[`t${i}`]).toMatchObject([
      { state: "ok", source: "provider", usage: { inputTokens: 10 + 2 * i, outputTokens: 1 + 3 * i } },
    ]);
  }
  const sum = (of: (usage: { prompt_tokens: number; completion_tokens: number }) => number): number =>
    server.charged.reduce((total, { usage }) => total + of(usage), 0);
  expect(cost).toEqual({
    calls: TASKS,
    inputTokens: sum((usage) => usage.prompt_tokens),
    outputTokens: sum((usage) => usage.completion_tokens),
  });
});

test("in a worker, with few descriptors: it has its part of those of all, and what more is asked waits", async () => {
  const calls = 30;
  // Of 256 descriptors a fifth, of that a third.
  const part = 17;
  let goOn = (): void => {};
  const arePast = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let atOnce = 0;
  server = await startFakeModelServer((n) => {
    if (n === part) void countTogether();
    return { kind: "answer", content: "so be it", stream: { gate: () => arePast } };
  });
  const countTogether = async (): Promise<void> => {
    // Of what is asked at once, all that does not wait is there after so long.
    for (let i = 0; i < 20; i++) await (await fetch(server.baseUrl)).text();
    atOnce = server.requests.filter(({ path }) => path.endsWith("/completions")).length;
    goOn();
  };
  const env = { ...process.env, OPENAI_BASE_URL: server.baseUrl, OPENAI_API_KEY: "sk-real-key" };
  const { stdout } = await promisify(execFile)(
    "bash",
    ["-c", 'ulimit -n 256; exec "$0" "$@"', process.execPath, THREAD, String(calls)],
    { env },
  );
  expect(JSON.parse(stdout)).toEqual({ status: "succeeded", calls });
  expect(atOnce).toBe(part);
});
