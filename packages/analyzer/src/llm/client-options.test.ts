import { describe, expect, it } from "vitest";
import { clientOptions } from "./client-options.ts";

const optionsOf = (baseUrl?: string) =>
  clientOptions({ apiKey: "key", model: "m", ...(baseUrl === undefined ? {} : { baseUrl }) });

describe("clientOptions", () => {
  it("sends the key as a bearer token, and never tries again by itself", () => {
    expect(optionsOf()).toMatchObject({
      baseURL: "https://api.openai.com/v1",
      defaultQuery: {},
      defaultHeaders: { Authorization: "Bearer key" },
      maxRetries: 0,
    });
    expect(optionsOf("https://example.test/v1").defaultHeaders).not.toHaveProperty("api-key");
    expect(optionsOf("https://openai.azure.com.example.test/v1").defaultHeaders).not.toHaveProperty(
      "api-key",
    );
  });

  it.each([
    "https://res.openai.azure.com/openai/v1/",
    "https://res.cognitiveservices.azure.com/openai/v1",
    "https://res.services.ai.azure.com/openai/v1/",
  ])("sends Azure the key in its own header, too: %s", (baseUrl) => {
    expect(optionsOf(baseUrl)).toMatchObject({ baseURL: baseUrl, defaultHeaders: { "api-key": "key" } });
  });

  it("keeps the query of a base URL apart from its path", () => {
    const { baseURL, defaultQuery } = optionsOf(
      "https://res.openai.azure.com/openai/deployments/d?api-version=2024-10-21&x=a%20b#top",
    );
    expect(baseURL).toBe("https://res.openai.azure.com/openai/deployments/d");
    expect(defaultQuery).toEqual({ "api-version": "2024-10-21", x: "a b" });
  });

  it("leaves a base URL that is none to the client, which refuses it", () => {
    expect(optionsOf("not a url").baseURL).toBe("not a url");
  });
});
