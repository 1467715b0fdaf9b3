import { FakeClock } from "@sheaf/testkit";
import { APIConnectionError, APIError } from "openai";
import { describe, expect, it } from "vitest";
import { AnswerBroken } from "./body-parts.ts";
import { MOST_TRIES, pause, pauseBefore } from "./retry.ts";
import { ServerSilent } from "./within-silence.ts";

const NOW = 1_700_000_000_000;

/** What is waited after a first try, with a minute left, unless `more` says otherwise. */
const pauseAfter = (error: unknown, more = {}): number | null =>
  pauseBefore({ error, tries: 1, now: NOW, endsAt: NOW + 60_000, random: 1, ...more });

const answered = (status: number | undefined, error: object = {}, headers: Record<string, string> = {}) =>
  new APIError(status, error, undefined, new Headers(headers));

describe("pauseBefore", () => {
  it.each<[string, unknown]>([
    ["408", answered(408)],
    ["409", answered(409)],
    ["429", answered(429)],
    ["500", answered(500)],
    ["529", answered(529)],
    ["an error in the stream", answered(undefined, { message: "overloaded" })],
    ["a connection that failed", new APIConnectionError({ message: "no" })],
    ["a connection that was cut", new AnswerBroken("cut")],
    ["a silent server", new ServerSilent(1)],
  ])("asks again after %s", (_, error) => {
    expect(pauseAfter(error)).toBe(500);
  });

  it.each<[string, unknown]>([
    ["400", answered(400)],
    ["401", answered(401)],
    ["404", answered(404)],
    ["422", answered(422)],
    ["an error in the stream that names 400", answered(undefined, { code: 400 })],
    ["429 without quota", answered(429, { code: "insufficient_quota" })],
    ["429 without quota, by its type", answered(429, { type: "insufficient_quota" })],
    ["anything else", new TypeError("Invalid URL")],
  ])("does not ask again after %s", (_, error) => {
    expect(pauseAfter(error)).toBeNull();
  });

  it("waits twice as long each time, with jitter, and gives up", () => {
    const error = answered(500);
    expect(pauseAfter(error, { random: 0 })).toBe(250);
    expect(pauseAfter(error, { tries: 2 })).toBe(1000);
    expect(pauseAfter(error, { tries: MOST_TRIES })).toBeNull();
  });

  it.each<[Record<string, string>, number]>([
    [{ "retry-after": "7" }, 7000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": new Date(NOW + 3000).toUTCString() }, 3000],
    [{ "retry-after": new Date(NOW - 3000).toUTCString() }, 0],
    [{ "retry-after-ms": "30", "retry-after": "7" }, 30],
    [{ "retry-after": "soon" }, 500],
    [{ "retry-after": "-1" }, 500],
    [{ "retry-after": "" }, 500],
  ])("waits as long as the server asks: %j", (headers, expected) => {
    expect(pauseAfter(answered(429, {}, headers))).toBe(expected);
  });

  it("fails at once where the server asks for more time than there is", () => {
    const error = answered(429, {}, { "retry-after": "60" });
    expect(() => pauseAfter(error)).toThrow("it asks for a pause of 60 s, and 60 s are left");
    expect(pauseAfter(error, { endsAt: NOW + 60_001 })).toBe(60_000);
  });

  it("does not ask again where the pause alone would last to the deadline", () => {
    expect(pauseAfter(answered(500), { endsAt: NOW + 500 })).toBeNull();
  });
});

describe("pause", () => {
  it("waits by the clock, and ends at once with the reason of an abort", async () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const waiting = pause(500, clock, caller.signal);
    clock.advance(500);
    await waiting;
    const cut = pause(500, clock, caller.signal);
    caller.abort(new Error("enough"));
    await expect(cut).rejects.toThrow("enough");
    expect(clock.pending).toBe(0);
    await expect(pause(500, clock, caller.signal)).rejects.toThrow("enough");
  });
});
