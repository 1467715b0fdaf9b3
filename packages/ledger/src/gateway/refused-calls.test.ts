import { tempDir } from "@sheaf/testkit";
import { expect, it } from "vitest";
import { ANSWER, ask, BODY, gatewayRig, ownerOf, type Variables } from "./gateway-rig.ts";
import type { Refusal } from "./refusal.ts";

const SPENT: Refusal = { status: 402, code: "budget_spent", message: "Nothing is left." };

it("a call that is refused is answered in the form of its provider, sent to nobody, and told by no event", async () => {
  await using rig = await gatewayRig(() => ANSWER, { refusal: () => SPENT });
  const variables = rig.admit();
  const chat = await ask(variables);
  expect([chat.status, chat.headers.get("x-should-retry"), chat.headers.get("retry-after")]).toEqual([
    402,
    "false",
    null,
  ]);
  expect(await chat.json()).toEqual({
    error: { message: "Nothing is left.", type: "insufficient_quota", param: null, code: "budget_spent" },
  });
  const messages = await fetch(`${variables.ANTHROPIC_BASE_URL}/v1/messages`, {
    ...{ method: "POST", body: BODY, headers: { "x-api-key": variables.ANTHROPIC_API_KEY } },
  });
  expect(messages.status).toBe(402);
  expect(await messages.json()).toEqual({
    type: "error",
    error: { type: "billing_error", message: "Nothing is left." },
  });
  expect([rig.events, rig.server.requests]).toEqual([[], []]);
});

it("a call that may be made later is told when", async () => {
  const refusal = (): Refusal => ({ status: 429, code: "budget_held", message: "Later.", retryAfter: 4 });
  await using rig = await gatewayRig(() => ANSWER, { refusal });
  const { status, headers } = await ask(rig.admit());
  expect([status, headers.get("retry-after"), headers.get("x-should-retry")]).toEqual([429, "4", "true"]);
});

it("a refused call is no time that its request was asked, and what is recorded needs no room", async () => {
  using folder = tempDir();
  const asked: number[] = [];
  let refused = true;
  await using rig = await gatewayRig(() => ANSWER, {
    recordings: folder.path,
    refusal: ({ call }) => {
      asked.push(call);
      return refused ? SPENT : null;
    },
  });
  const first = rig.gateway.admit(ownerOf("task", 1)) as unknown as Variables;
  expect((await ask(first)).status).toBe(402);
  refused = false;
  expect((await ask(first)).status).toBe(200);
  await rig.over(1);
  await rig.gateway.dismiss(ownerOf("task", 1));
  refused = true;
  const second = rig.gateway.admit(ownerOf("task", 2), { replays: true }) as unknown as Variables;
  expect((await ask(second)).status).toBe(200);
  await rig.over(2);
  expect(rig.finished().map(({ state }) => state)).toEqual(["ok", "replayed"]);
  expect(asked).toHaveLength(2);
});

it("a call is not made where it cannot be said whether there is room for it", async () => {
  const refusal = (): Refusal => {
    throw new Error("no books");
  };
  await using rig = await gatewayRig(() => ANSWER, { refusal });
  const answer = await ask(rig.admit());
  expect([answer.status, await answer.text()]).toEqual([402, expect.stringContaining("no books")]);
  expect([rig.gateway.faults, rig.server.requests]).toEqual([1, []]);
});
