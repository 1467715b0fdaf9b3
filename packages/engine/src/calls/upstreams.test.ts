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

  it.each([
    "http://here/v1",
    " https://here:8443/v1/ ",
    "https://here/openai?api-version=1",
    "HTTP://[::1]:1",
  ])("takes the URL %j", (url) => {
    const found = { apiKey: null, baseUrl: url.trim() };
    expect(upstreamsOf({ OPENAI_BASE_URL: url, ANTHROPIC_BASE_URL: url })).toEqual({
      openai: found,
      anthropic: found,
    });
  });

  it.each([
    ["localhost:1/v1", "localhost:1/v1"],
    ["here", "here"],
    ["ftp://here/v1", "ftp://here/v1"],
    ["http://", "http://"],
    ["http://here:99999/v1", "http://here:99999/v1"],
    ["http://me:secret@here/v1", "http://…@here/v1"],
    ["http://me:se/cret@here/v1", "http://…@here/v1"],
    ["here/v1?key=secret", "here/v1?…"],
  ])("refuses %j, and says nothing of secrets in it", (url, shown) => {
    for (const name of ["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"]) {
      const message = `Expected \`${name}\` to be an http or https URL without a user and a password, got "${shown}".`;
      expect(() => upstreamsOf({ [name]: url, OPENAI_API_KEY: "k" })).toThrow(message);
    }
  });
});

describe("a key", () => {
  it.each(["sk-one\nsk-two", "\u201csk-real\u201d", "sk\u0001", "sk\u007f"])(
    "that no header can hold is refused, and not shown: %j",
    (key) => {
      for (const name of ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"]) {
        const message = `Expected \`${name}\` to be a key of letters, digits and signs of ASCII, got`;
        expect(() => upstreamsOf({ [name]: key })).toThrow(message);
        expect(() => upstreamsOf({ [name]: key })).not.toThrow("sk");
      }
    },
  );

  it("may end with a line, as files do", () => {
    expect(upstreamsOf({ OPENAI_API_KEY: "sk-real\r\n" })).toEqual({ openai: { apiKey: "sk-real" } });
  });
});

describe("withoutKeys", () => {
  it("leaves out the key of the analysis, and whose key it is", () => {
    const server = { SHEAF_MODEL_BASE_URL: "http://h/v1", SHEAF_MODEL: "m" };
    expect(withoutKeys({ ...server, SHEAF_MODEL_API_KEY: "k" }, {})).toEqual({ SHEAF_MODEL: "m" });
    expect(withoutKeys(server, {})).toEqual(server);
  });

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
