import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { type FakeModelReply, type TempDir, tempDir } from "@sheaf/testkit";
import { OpenAI } from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AdmitOptions } from "./gateway.ts";
import {
  ask,
  BODY,
  type GatewayRig,
  gatewayRig,
  noticed,
  ownerOf,
  STREAM,
  type Variables,
} from "./gateway-rig.ts";
import { Occurrences, replaysAnswers } from "./recordings.ts";

let dir: TempDir;

beforeEach(() => {
  dir = tempDir();
});
afterEach(() => dir[Symbol.dispose]());

/** A server whose answers all differ. */
const rigOf = (script?: (call: number) => FakeModelReply): Promise<GatewayRig> =>
  gatewayRig(script ?? ((n) => ({ kind: "answer", content: `answer ${n}` })), { recordings: dir.path });

function admit({ gateway }: GatewayRig, attempt: number, options?: AdmitOptions): Variables {
  return gateway.admit(ownerOf("task", attempt), options) as unknown as Variables;
}

const end = (rig: GatewayRig, attempt: number): Promise<void> =>
  rig.gateway.dismiss(ownerOf("task", attempt));

const textOf = async (asked: Promise<Response>): Promise<string> => await (await asked).text();

const files = (): string[] =>
  readdirSync(dir.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe("answers that are recorded", () => {
  it("are given again, byte by byte, to the attempt after lost work, and cost nothing", async () => {
    await using rig = await rigOf();
    const first = admit(rig, 1);
    const told = [await ask(first), await ask(first, STREAM)];
    const texts = await Promise.all(told.map((response) => response.text()));
    await end(rig, 1);
    const again = admit(rig, 2, { replays: true });
    // Members in another order and blanks are the same question.
    const turned = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(STREAM)).reverse()), null, 1);
    const replayed = [await ask(again), await ask(again, turned)];
    expect(await Promise.all(replayed.map((response) => response.text()))).toEqual(texts);
    expect(replayed.map(({ headers }) => headers.get("content-type"))).toEqual(
      told.map(({ headers }) => headers.get("content-type")),
    );
    expect(rig.server.requests).toHaveLength(2);
    const events = rig.finished().slice(2);
    expect(events).toMatchObject([{ call: 1 }, { call: 2 }]);
    for (const event of events) {
      expect(event).toMatchObject({
        state: "replayed",
        usage: null,
        source: "none",
        owner: ownerOf("task", 2),
      });
      expect(event.avoided).toMatchObject({ inputTokens: 100, outputTokens: 20 });
    }
    expect(rig.started()).toHaveLength(2);
  });

  it("are those of the same time that the same is asked, in order, and new ones from the first change on", async () => {
    await using rig = await rigOf();
    const first = admit(rig, 1);
    const texts = [await textOf(ask(first)), await textOf(ask(first))];
    expect(texts[0]).not.toBe(texts[1]);
    await end(rig, 1);
    const again = admit(rig, 2, { replays: true });
    expect([await textOf(ask(again)), await textOf(ask(again))]).toEqual(texts);
    expect(await textOf(ask(again))).toContain("answer 3");
    expect(await textOf(ask(again, BODY.replace("500", "501")))).toContain("answer 4");
    await end(rig, 2);
    const third = admit(rig, 3, { replays: true });
    expect(await textOf(ask(third, BODY.replace("500", "501")))).toContain("answer 4");
  });

  it("are not given to an attempt after the agent's own failure, nor to any after that", async () => {
    await using rig = await rigOf();
    await textOf(ask(admit(rig, 1)));
    await end(rig, 1);
    admit(rig, 2);
    await end(rig, 2);
    expect(await textOf(ask(admit(rig, 3, { replays: true })))).toContain("answer 2");
  });

  it("belong to one task and one variant", async () => {
    await using rig = await rigOf();
    await textOf(ask(admit(rig, 1, { variant: "a" })));
    await end(rig, 1);
    const other = rig.gateway.admit(ownerOf("other", 2), { variant: "a", replays: true });
    expect(await textOf(ask(other as unknown as Variables))).toContain("answer 2");
    expect(await textOf(ask(admit(rig, 2, { variant: "b", replays: true })))).toContain("answer 3");
    await end(rig, 2);
    expect(await textOf(ask(admit(rig, 2, { variant: "a", replays: true })))).toContain("answer 1");
  });

  it("are whole ones: a failed try does not count as a time", async () => {
    await using rig = await rigOf((n) =>
      n === 1
        ? { kind: "rate-limited", headers: { "retry-after-ms": "1" } }
        : { kind: "answer", content: `answer ${n}` },
    );
    const asked = { model: "m", messages: [{ role: "user" as const, content: "?" }] };
    const clientOf = ({ OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: apiKey }: Variables) =>
      new OpenAI({ baseURL, apiKey });
    const told = await clientOf(admit(rig, 1)).chat.completions.create(asked);
    await end(rig, 1);
    const again = await clientOf(admit(rig, 2, { replays: true })).chat.completions.create(asked);
    expect(again).toEqual(told);
    expect(rig.server.requests).toHaveLength(2);
  });

  it("are not those that broke off", async () => {
    await using rig = await rigOf((n) => ({
      kind: "answer",
      content: `answer ${n}`.repeat(9),
      ...(n === 1 ? { stream: { stop: { after: "half", by: "end" } } } : {}),
    }));
    await textOf(ask(admit(rig, 1), STREAM));
    await end(rig, 1);
    expect(files()).toEqual([]);
    expect(await textOf(ask(admit(rig, 2, { replays: true }), STREAM))).toContain("answer 2");
  });

  it("are those, too, that a killed worker left in mid-stream", async () => {
    let goOn = (): void => {};
    const left = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using rig = await rigOf(() => ({
      kind: "answer",
      content: "abcdef",
      stream: { pieceLength: 1, gate: (piece) => (piece === 3 ? left : undefined) },
    }));
    const clientOf = ({ ANTHROPIC_BASE_URL: baseURL, ANTHROPIC_API_KEY: apiKey }: Variables) =>
      new Anthropic({ baseURL, apiKey, authToken: null });
    const asked = { model: "c", max_tokens: 9, messages: [{ role: "user" as const, content: "?" }] };
    const stream = await clientOf(admit(rig, 1)).messages.create({ ...asked, stream: true });
    for await (const _ of stream) break;
    await noticed(rig.gateway);
    goOn();
    await end(rig, 1);
    const again = clientOf(admit(rig, 2, { replays: true })).messages.stream(asked);
    expect(await again.finalText()).toBe("abcdef");
    expect(rig.finished()).toMatchObject([
      { state: "aborted", source: "provider" },
      { state: "replayed", avoided: { outputTokens: 20 } },
    ]);
  });

  it("count as none where they are damaged or lie in a wrong place", async () => {
    await using rig = await rigOf();
    await textOf(ask(admit(rig, 1)));
    await end(rig, 1);
    const [path] = files();
    const bytes = readFileSync(path!);
    const ask2 = async (): Promise<string> => {
      const text = await textOf(ask(admit(rig, 2, { replays: true })));
      await end(rig, 2);
      return text;
    };
    for (const at of [0, 70, bytes.length - 3]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      writeFileSync(path!, damaged);
      expect(await ask2()).not.toContain("answer 1");
    }
    writeFileSync(path!, bytes.subarray(0, -1));
    expect(await ask2()).not.toContain("answer 1");
    writeFileSync(path!, bytes);
    expect(await ask2()).toContain("answer 1");
    await textOf(ask(admit(rig, 3, { replays: true }), STREAM));
    await end(rig, 3);
    // That of the first time, in the place of that of the second.
    writeFileSync(path!.replace(/1$/, "2"), bytes);
    const fourth = admit(rig, 4, { replays: true });
    expect(await textOf(ask(fourth))).toContain("answer 1");
    expect(await textOf(ask(fourth))).not.toContain("answer 1");
    await end(rig, 4);
    const other = files().find((each) => each.slice(0, -1) !== path!.slice(0, -1));
    writeFileSync(path!, readFileSync(other!));
    expect(await ask2()).not.toContain("answer 1");
  });

  it("that cannot be kept are counted, and harm nobody", async () => {
    writeFileSync(join(dir.path, "file"), "no folder");
    await using rig = await gatewayRig(() => ({ kind: "answer", content: "x" }), {
      recordings: join(dir.path, "file"),
    });
    expect((await ask(admit(rig, 1, { replays: true }))).status).toBe(200);
    await end(rig, 1);
    expect(rig.gateway.faults).toBe(1);
    expect((await ask(admit(rig, 2))).status).toBe(200);
    await end(rig, 2);
    expect(rig.gateway.faults).toBe(2);
    expect(rig.gateway.firstFault).toMatch(/^(ENOTDIR|EEXIST)/);
  });

  it("hold no key of a server", async () => {
    await using rig = await rigOf();
    await textOf(ask(admit(rig, 1)));
    await end(rig, 1);
    expect(files()).toHaveLength(1);
    for (const path of files()) expect(readFileSync(path, "utf8")).not.toMatch(/sk-real|sheaf-/);
  });
});

describe("replaysAnswers", () => {
  it.each([
    ["first", false, false],
    ["conflict", true, true],
    ["restart", true, true],
    ["retry", false, true],
  ] as const)("%s", (cause, rerun, retry) => {
    expect([replaysAnswers(cause, "rerun"), replaysAnswers(cause, "retry")]).toEqual([rerun, retry]);
  });
});

describe("Occurrences", () => {
  it("gives the lowest number that is free", () => {
    const occurrences = new Occurrences();
    expect(["a", "a", "b", "a"].map((hash) => occurrences.take(hash))).toEqual([1, 2, 1, 3]);
    occurrences.giveBack({ hash: "a", occurrence: 2 });
    expect([occurrences.take("a"), occurrences.take("a")]).toEqual([2, 4]);
  });
});
