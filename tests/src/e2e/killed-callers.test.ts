// Workers are killed while models answer them: what was asked is read to its end, counted once, and not asked again.
// The engine is killed meanwhile: what it had open is booked at the most that it may have cost.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EventOf, RunEvent } from "@sheaf/core";
import { readJournal, summarizeCost } from "@sheaf/ledger";
import {
  caseCount,
  type FakeModelRequest,
  type FakeModelServer,
  startFakeModelServer,
  tempDir,
} from "@sheaf/testkit";
import { executeWithParallelism, type RunReport } from "sheaf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  chargedBy,
  countedByAttempt,
  finishedCalls,
  inAll,
  markIn,
  reported,
} from "./fixtures/model-books.ts";

const MODULE = fileURLToPath(new URL("./fixtures/killed-callers.mjs", import.meta.url));
const CLI = fileURLToPath(new URL("../../../packages/cli/bin/sheaf.js", import.meta.url));
const IDS = ["t0", "t1", "t2"];
/** That each task asks, all but the first for a stream. */
const QUESTIONS = 6;
const SAID = "in pieces of sixteen characters ".repeat(4);
const PIECES = SAID.length / 16;
const KILLS = caseCount({ ci: 1, deep: 60 });
const ENGINE_KILLS = caseCount({ ci: 1, deep: 20 });

let server: FakeModelServer;
let pieces: number;
let killAt: number;
/** Kills what the test is about; resolves when that is noticed. */
let kill: (taskId: string) => Promise<void>;
/** All answers wait for it, so that they go on without a reader. */
let killed: Promise<void> | undefined;
/** The answer to these questions never comes. */
let isStalled: (mark: string) => boolean;

const taskIn = (body: unknown): string => markIn(body).split(" ")[0]!;

beforeEach(async () => {
  pieces = 0;
  isStalled = () => false;
  killed = undefined;
  server = await startFakeModelServer((n, body) =>
    isStalled(markIn(body))
      ? { kind: "stall-headers" }
      : {
          kind: "answer",
          content: SAID,
          usage: { prompt_tokens: 1_000 + n, completion_tokens: 50 + 3 * n },
          stream: {
            gate: () => {
              pieces++;
              if (pieces === killAt) killed = kill(taskIn(body));
              return killed;
            },
          },
        },
  );
  vi.stubEnv("OPENAI_API_KEY", "sk-real-key");
  vi.stubEnv("OPENAI_BASE_URL", server.baseUrl);
  vi.stubEnv("ANTHROPIC_API_KEY", "sk-real-key");
  vi.stubEnv("ANTHROPIC_BASE_URL", server.baseUrl.replace("/v1", ""));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const SPEC = {
  tasks: IDS.map((id) => ({ id, agent: "ask", reads: [], writes: [] })),
  agents: { ask: { module: MODULE, export: "ask" } },
};

async function run(executor: "thread" | "process"): Promise<{ report: RunReport; events: RunEvent[] }> {
  using place = tempDir();
  const tellPid = new Map<string, (pid: number) => void>();
  const pids = new Map(IDS.map((id) => [id, new Promise<number>((tell) => tellPid.set(id, tell))]));
  let lose = (): void => {};
  const isLost = new Promise<void>((resolve) => {
    lose = resolve;
  });
  kill = async (taskId) => {
    process.kill(await pids.get(taskId)!, "SIGKILL");
    await isLost;
  };
  const run = executeWithParallelism({ dir: place.path, ...SPEC }, undefined, {
    useLlmDeps: false,
    mode: "parallel",
    executor,
    maxWorkers: IDS.length,
  });
  const events: RunEvent[] = [];
  for await (const event of run) {
    events.push(event);
    if (event.type === "attempt.finished" && event.status !== "succeeded") lose();
    if (event.type === "attempt.progress" && event.attempt === 1)
      tellPid.get(event.taskId)!(Number(event.message));
  }
  return { report: await run, events };
}

const attemptIn = ({ body, headers }: FakeModelRequest): string => `${taskIn(body)}/${headers["x-attempt"]}`;

interface Kills {
  readonly count: number;
  /** Streams of each task that come to their end before the task waits for ever. */
  readonly streams: number;
}

/** Returns kills spread over the answers of a run, for each executor. */
const kinds = <T>(executors: readonly T[], { count, streams }: Kills) =>
  executors.flatMap((executor) =>
    Array.from({ length: count }, (_, i) => ({
      executor,
      at: 1 + Math.floor(((i + 0.5) / count) * (IDS.length * streams * PIECES - 1)),
    })),
  );

test.each(kinds(["thread", "process"] as const, { count: KILLS, streams: QUESTIONS - 1 }))(
  "a $executor worker that is killed at piece $at of its answers",
  async ({ executor, at }) => {
    killAt = at;
    const { report, events } = await run(executor);
    expect(report.unwrap()).toEqual(Object.fromEntries(IDS.map((id) => [id, Array(QUESTIONS).fill(SAID)])));
    const lost = new Set(
      events.flatMap((event) =>
        event.type === "attempt.finished" && event.status !== "succeeded"
          ? [`${event.taskId}/${event.attempt}`]
          : [],
      ),
    );
    expect(lost.size).toBeGreaterThan(0);

    const charged = chargedBy(server, attemptIn);
    expect(Object.fromEntries(countedByAttempt(events))).toEqual(Object.fromEntries(charged));
    const { cacheWrite, ...all } = inAll(charged);
    expect(reported(report)).toEqual(all);
    const paths = new Set(server.requests.map(({ path }) => path));
    expect([...paths].sort()).toEqual(["/v1/chat/completions", "/v1/messages", "/v1/responses"]);
    // Nothing was asked, or paid for, twice.
    const marks = server.requests.map(({ body }) => markIn(body));
    expect(new Set(marks).size).toBe(IDS.length * QUESTIONS);
    expect(marks).toHaveLength(IDS.length * QUESTIONS);

    const ofLost = [...charged].filter(([attempt]) => lost.has(attempt));
    const { byClass } = report.cost;
    expect(byClass["failed-attempt"].calls).toBe(ofLost.reduce((sum, [, { calls }]) => sum + calls, 0));
    expect(byClass.useful.calls).toBe(all.calls - byClass["failed-attempt"].calls);
    const ends = new Set(finishedCalls(events).map(({ state, source }) => `${state} ${source}`));
    expect(
      [...ends].filter((end) => !["ok provider", "aborted provider", "replayed none"].includes(end)),
    ).toEqual([]);
  },
);

test.each(
  kinds(KILLS === 1 ? ["process"] : ["inline", "thread", "process"], {
    count: ENGINE_KILLS,
    streams: QUESTIONS - 3,
  }),
)(
  "the engine, of $executor workers, that is killed at piece $at of their answers",
  async ({ executor, at }) => {
    using place = tempDir();
    writeFileSync(
      join(place.path, "plan.json"),
      JSON.stringify({ ...SPEC, agents: { ask: `${MODULE}#ask` } }),
    );
    const words = ["run", "plan.json", "--run-id", "r", "--executor", executor, "--workers", "3"];
    const env = { ...process.env, SHEAF_USE_LLM_DEPS: "false" };
    const start = () => spawn(process.execPath, [CLI, ...words], { cwd: place.path, env, stdio: "ignore" });
    const first = start();
    const ended = once(first, "exit");
    killAt = at;
    isStalled = (mark) => mark.endsWith(" b") && first.exitCode === null && first.signalCode === null;
    kill = async () => {
      first.kill("SIGKILL");
      await ended;
    };
    await ended;
    expect(pieces).toBeGreaterThanOrEqual(at);
    const [code] = await once(start(), "exit");
    expect(code).toBe(0);

    const { events } = readJournal(join(place.path, ".sheaf/runs/r/journal.ndjson"));
    const calls = finishedCalls(events).filter(({ state }) => state !== "replayed");
    const crashed = calls.filter(({ state }) => state === "crashed");
    expect(crashed.length).toBeGreaterThan(0);
    // None is lost. What the journal says was about to be sent may not have been, with the engine killed in between.
    expect(calls.length).toBeGreaterThanOrEqual(server.requests.length);
    expect(calls.length - server.requests.length).toBeLessThanOrEqual(crashed.length);
    const holds = new Map(
      events.flatMap((event) => (event.type === "llm.started" ? [[callIn(event), event.hold] as const] : [])),
    );
    for (const call of crashed) {
      expect(call.source).toBe("estimated");
      expect(call.usage).toMatchObject({
        inputTokens: holds.get(callIn(call))!.inputTokens,
        outputTokens: 500,
      });
    }
    const { byClass } = summarizeCost(events);
    expect(byClass["estimated-crash"]).toMatchObject({
      calls: crashed.length,
      outputTokens: 500 * crashed.length,
    });
    // What else was counted the server has charged, each time once.
    const exact = calls.filter((call) => !crashed.includes(call));
    const charged = server.charged.map(({ usage }) => `${usage.prompt_tokens} ${usage.completion_tokens}`);
    const told = exact.map(({ usage, source }) => `${usage?.inputTokens} ${usage?.outputTokens} ${source}`);
    expect(new Set(told).size).toBe(told.length);
    expect(told.filter((each) => !charged.includes(each.replace(" provider", "")))).toEqual([]);
    expect(byClass.useful.calls + byClass["failed-attempt"].calls).toBe(exact.length);
  },
);

const callIn = ({ taskId, attempt, call }: EventOf<"llm.started" | "llm.finished">): string =>
  `${taskId} ${attempt} ${call}`;
