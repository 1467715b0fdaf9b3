import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FakeModelScript, startFakeModelServer } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { tokensOf } from "../../../../bench/src/dependencies/tokens.ts";
import { file, flow, jsonl, root, rowOf, run, texts } from "./command-rig.ts";

const plain = file("plain.jsonl", jsonl(texts));

describe("with a model", () => {
  const usage = { prompt_tokens: 200, completion_tokens: 30 };
  const record = (task: number, ...on: number[]): object => ({
    task,
    needs: on.map((number) => ({ evidence: "rice", on: number, type: "logic", p: 0.9 })),
  });
  const right = JSON.stringify({ tasks: [record(2, 1), record(3)] });

  async function withServer<T>(script: FakeModelScript, work: (url: string) => Promise<T>) {
    const server = await startFakeModelServer(script);
    try {
      return { result: await work(server.baseUrl), requests: server.requests };
    } finally {
      await server.close();
    }
  }

  test("it is asked about the texts alone, and its tokens and times are booked", async () => {
    const set = file("asked.jsonl", jsonl(texts, { ...flow, tasks: flow.tasks.slice(0, 3) }));
    const env = { SHEAF_MODEL: "some-model", SHEAF_MODEL_API_KEY: "secret-key" };
    const { result, requests } = await withServer(
      () => ({ kind: "answer", content: right, usage }),
      (url) => run(["--set", set, "--model", url, "--json"], env),
    );
    const row = rowOf(result, "llm");
    // Of the second list it says that 2 needs 1, which is the wrong way round, and its text that 3 speaks of 1.
    expect(row).toMatchObject({
      items: 2,
      precision: 2 / 3,
      recall: 2 / 3,
      inputTokens: 400,
      outputTokens: 60,
    });
    expect(row!.latencyMs).toBeGreaterThan(0);
    expect(row!.firstDispatchMs).toBeLessThan(row!.latencyMs!);
    const asked = requests.map(({ body }) => JSON.stringify(body)).join();
    expect(asked).toContain("some-model");
    expect(asked).not.toContain("it.*");
    expect(asked).not.toContain("it/");
    expect(requests.every(({ headers }) => headers.authorization === "Bearer secret-key")).toBe(true);
  });

  test("tokens of which the server tells only some are null as a sum", () => {
    const asked = (inputTokens?: number) => {
      const usage = [{ model: "m", outputTokens: 3, ...(inputTokens !== undefined && { inputTokens }) }];
      return { firstHeardAt: null, isReplayed: false, answered: true, problems: [], usage };
    };
    expect(tokensOf([asked(5), asked(7)])).toEqual({ input: 12, output: 6 });
    expect(tokensOf([asked(5), asked()])).toEqual({ input: null, output: 6 });
    expect(tokensOf([])).toEqual({ input: 0, output: 0 });
  });

  test("tokens that the server does not tell are null", async () => {
    const { result } = await withServer(
      () => ({ kind: "answer", content: right, usage: null }),
      (url) => run(["--set", plain, "--model", url, "--json"]),
    );
    expect(rowOf(result, "llm")).toMatchObject({ f1: 1, inputTokens: null, outputTokens: null });
  });

  test("lists that it does not answer are told, and where it answers none there are no figures", async () => {
    const set = file("half.jsonl", jsonl(texts, texts));
    const some = await withServer(
      (call) => (call === 1 ? { kind: "answer", content: right } : { kind: "answer", content: "no idea" }),
      (url) => run(["--set", set, "--model", url, "--json"]),
    );
    expect(some.result.stderr).toMatch(
      /^half, llm: 1 of 2 lists were not answered and count in list order \(/,
    );
    expect(rowOf(some.result, "llm")).toMatchObject({ items: 2, precision: 2 / 3 });
    const none = await withServer(
      () => ({ kind: "answer", content: "no idea" }),
      (url) => run(["--set", set, "--model", url, "--json"]),
    );
    expect(none.result).toMatchObject({ code: 2, stdout: "" });
    expect(none.result.stderr).toMatch(/^The model answered for no list: .+\n$/);
  });

  test("what it answers is recorded, and replayed without it to the same figures, but for times", async () => {
    const transcript = join(root, "answers.transcript");
    const { result: live, requests } = await withServer(
      (call) => (call === 1 ? { kind: "format-refused" } : { kind: "answer", content: right, usage }),
      (url) =>
        run(["--set", plain, "--model", `${url}/`, "--transcript", transcript, "--json"], {
          SHEAF_MODEL: "m",
        }),
    );
    expect(requests).toHaveLength(2);
    expect(readFileSync(transcript, "utf8")).not.toContain("Bearer");
    const replayed = await run(["--set", plain, "--transcript", transcript, "--json"]);
    expect(rowOf(replayed, "llm")).toEqual({
      ...rowOf(live, "llm"),
      firstDispatchMs: null,
      latencyMs: null,
    });
  });

  test("a set of which the transcript lacks an answer has no llm row, and a note says so", async () => {
    const transcript = join(root, "partial.transcript");
    await withServer(
      () => ({ kind: "answer", content: right, usage }),
      (url) => run(["--set", plain, "--model", url, "--transcript", transcript]),
    );
    const more = file("more.jsonl", jsonl(texts, { ...flow, goal: "" }));
    const said = await run(["--set", more, "--transcript", transcript, "--json"]);
    expect(said.code).toBe(0);
    expect(rowOf(said, "llm")).toBeUndefined();
    expect(said.stderr).toContain("more, llm: left out, as 1 of 2 lists have no answer in the transcript (");
  });
});
