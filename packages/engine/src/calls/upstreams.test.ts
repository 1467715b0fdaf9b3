import { describe, expect, it } from "vitest";
import { pastProxies, upstreamsOf, withoutKeys } from "./upstreams.ts";

describe("upstreamsOf", () => {
  it("names the servers with a key or a URL of their own", () => {
    expect(upstreamsOf({})).toEqual({});
    expect(upstreamsOf({ OPENAI_API_KEY: "k", ANTHROPIC_BASE_URL: "http://here" })).toEqual({
      openai: { apiKey: "k" },
      anthropic: { apiKey: null, baseUrl: "http://here" },
    });
    expect(upstreamsOf({ OPENAI_API_KEY: " ", OPENAI_BASE_URL: "" })).toEqual({});
  });
});

describe("withoutKeys", () => {
  const env = { OPENAI_API_KEY: "k", OPENAI_BASE_URL: "u", ANTHROPIC_API_KEY: "a", PATH: "/bin" };

  it("leaves out what leads to servers behind the gateway, and nothing else", () => {
    expect(withoutKeys(env, { openai: { apiKey: "k" } })).toEqual({ ANTHROPIC_API_KEY: "a", PATH: "/bin" });
    expect(withoutKeys(env, {})).toEqual(env);
  });

  it("puts something in the place of keys where that is asked for", () => {
    const found = withoutKeys(env, { openai: { apiKey: "k" } }, "none");
    expect(found).toEqual({ ANTHROPIC_API_KEY: "a", PATH: "/bin", OPENAI_API_KEY: "none" });
  });
});

describe("pastProxies", () => {
  it("leads past a proxy where there is one, beside what is led past it already", () => {
    expect(pastProxies({ NO_PROXY: "x" })).toEqual({});
    expect(pastProxies({ HTTPS_PROXY: "p" })).toEqual({ NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" });
    expect(pastProxies({ http_proxy: "p", no_proxy: "x,y" }).NO_PROXY).toBe("x,y,127.0.0.1");
  });
});
