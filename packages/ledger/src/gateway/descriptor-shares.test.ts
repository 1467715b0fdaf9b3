// With few file descriptors calls wait or are refused; none is lost, and none is paid for that nobody waits for.
import { execFileSync } from "node:child_process";
import type { FakeModelReply } from "@sheaf/testkit";
import { OpenAI } from "openai";
import { describe, expect, it } from "vitest";
import { descriptorLimit, shareDescriptors } from "./descriptor-shares.ts";
import { ask, type GatewayRig, gatewayRig, noticed, STREAM } from "./gateway-rig.ts";

interface HeldRig extends AsyncDisposable {
  readonly rig: GatewayRig;
  /** Lets the server answer what it has held, and from now on at once. */
  readonly goOn: () => void;
}

/** A gateway of ten descriptors, so four clients and two connections to a server that answers when it is told to. */
async function heldRig(): Promise<HeldRig> {
  let goOn = (): void => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const reply: FakeModelReply = { kind: "answer", content: "so be it", stream: { gate: () => held } };
  const rig = await gatewayRig(() => reply, { descriptors: 10 });
  return { rig, goOn, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

const textOf = async (asked: Promise<Response>): Promise<string> => await (await asked).text();

describe("with few descriptors", () => {
  it("calls wait for a connection to the server, and each gets its answer", async () => {
    await using held = await heldRig();
    const { rig, goOn } = held;
    const variables = [1, 2, 3, 4].map((i) => rig.admit(`task-${i}`));
    const asked = variables.map((each) => textOf(ask(each, STREAM)));
    await expect.poll(() => rig.started().length).toBe(4);
    await noticed(rig.gateway);
    expect(rig.server.requests).toHaveLength(2);
    goOn();
    for (const text of await Promise.all(asked)) expect(text).toContain("so be it");
    expect(rig.server.requests).toHaveLength(4);
    expect((await rig.over(4)).map(({ state, source }) => `${state} ${source}`)).toEqual(
      Array(4).fill("ok provider"),
    );
  });

  it("a call that waits is not sent when its client goes away, or the gateway ends, and costs nothing", async () => {
    await using held = await heldRig();
    const { rig, goOn } = held;
    const client = new AbortController();
    const first = [1, 2].map((i) => textOf(ask(rig.admit(`task-${i}`), STREAM)));
    await expect.poll(() => rig.server.requests.length).toBe(2);
    const left = Promise.allSettled([ask(rig.admit("left"), STREAM, { signal: client.signal })]);
    const waits = Promise.allSettled([ask(rig.admit("waits"), STREAM)]);
    await expect.poll(() => rig.started().length).toBe(4);
    client.abort();
    await left;
    const [gone] = await rig.over(1);
    expect(gone).toMatchObject({
      owner: { taskId: "left" },
      state: "unreachable",
      usage: null,
      source: "none",
    });
    const closed = rig.gateway.close();
    expect((await rig.over(2))[1]).toMatchObject({ owner: { taskId: "waits" }, state: "unreachable" });
    goOn();
    await Promise.all([closed, waits, ...first]);
    expect(rig.server.requests).toHaveLength(2);
  });

  it("a client beyond them is told to come again, and does", async () => {
    await using held = await heldRig();
    const { rig, goOn } = held;
    const first = [1, 2, 3, 4].map((i) => textOf(ask(rig.admit(`task-${i}`), STREAM)));
    await expect.poll(() => rig.started().length).toBe(4);
    const variables = rig.admit("late");
    const refused = await ask(variables);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await refused.text()).toContain("4 calls are on their way");
    const client = new OpenAI({ baseURL: variables.OPENAI_BASE_URL, apiKey: variables.OPENAI_API_KEY });
    const late = client.chat.completions.create({
      model: "m",
      messages: [{ role: "user", content: "late" }],
    });
    goOn();
    await Promise.all(first);
    expect((await late).choices[0]!.message.content).toBe("so be it");
    expect(rig.finished()).toHaveLength(5);
  });
});

describe("descriptorLimit", () => {
  it("is what the system says", () => {
    if (process.platform !== "linux") return;
    expect(descriptorLimit()).toBe(Number(execFileSync("bash", ["-c", "ulimit -n"], { encoding: "utf8" })));
  });

  it("is shared so that something is left", () => {
    expect(shareDescriptors(1_024)).toEqual({ clients: 204, taken: 408, upstream: 204 });
    expect(shareDescriptors(3)).toEqual({ clients: 1, taken: 2, upstream: 1 });
  });
});
