import { cases } from "@sheaf/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AnswerBroken, bodyParts } from "./body-parts.ts";

/** A body that comes in these chunks; then it ends, or fails. */
const bodyOf = (chunks: readonly (string | Uint8Array)[], failure?: Error): ReadableStream<Uint8Array> => {
  const waiting = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const next = waiting.shift();
      if (next !== undefined) controller.enqueue(typeof next === "string" ? Buffer.from(next) : next);
      else if (failure === undefined) controller.close();
      else controller.error(failure);
    },
  });
};

async function partsOf(...chunks: (string | Uint8Array)[]): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const part of bodyParts(bodyOf(chunks))) parts.push(part);
  return parts;
}

describe("bodyParts", () => {
  it("reads events up to the one that ends them", async () => {
    expect(await partsOf('data: {"a":1}\n\ndata: {"a":2}\n\ndata: [DONE]\n\ndata: {"a":3}\n\n')).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
  });

  it("gives out an event before the next has come", async () => {
    const body = bodyOf(['data: {"a":1}\n\nda'], new Error("cut"));
    const parts = bodyParts(body);
    expect(await parts.next()).toEqual({ done: false, value: { a: 1 } });
    await expect(parts.next()).rejects.toThrow(AnswerBroken);
  });

  it("passes over comments, names and other fields, and joins the lines of one event", async () => {
    const text = ': waiting\n\nevent: message\nid: 7\ndata: {"a":\ndata: 1}\nretry: 9\n\n: waiting\n\n';
    expect(await partsOf(text)).toEqual([{ a: 1 }]);
  });

  it("reads an event that lacks its empty line, but not one that lacks its end", async () => {
    expect(await partsOf('data:{"a":1}\n\ndata:{"a":2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await partsOf('data:{"a":1}\n\ndata:{"a":')).toEqual([{ a: 1 }]);
  });

  it("finds the same events wherever the bytes are torn", async () => {
    const values = fc.array(
      fc.record({ text: fc.oneof(fc.string(), fc.constantFrom("ä€𝄞", "\r\n", "data: x")) }),
    );
    const lineEnd = fc.constantFrom("\n", "\r\n");
    await fc.assert(
      fc.asyncProperty(values, lineEnd, fc.array(fc.nat()), async (all, end, cuts) => {
        const bytes = Buffer.from(all.map((one) => `data: ${JSON.stringify(one)}${end}${end}`).join(""));
        const places = [
          0,
          ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
          bytes.length,
        ];
        const chunks = places.slice(1).map((place, i) => bytes.subarray(places[i], place));
        expect(await partsOf(...chunks)).toEqual(all);
      }),
      cases({ ci: 100, deep: 20_000 }),
    );
  });

  it("reads an answer in one piece, which servers keep alive by empty lines", async () => {
    expect(await partsOf("\n\n", "  \n", '{"a"', ":[1,", "2]}")).toEqual([{ a: [1, 2] }]);
    expect(await partsOf("7")).toEqual([7]);
    expect(await partsOf()).toEqual([]);
  });

  it.each(["<html>", "dat", "error: no", '{"a":'])("refuses text that is no JSON: %s", async (text) => {
    await expect(partsOf(text)).rejects.toThrow(`not JSON: ${JSON.stringify(text)}`);
  });

  it("takes an event that is no JSON for a broken answer", async () => {
    await expect(partsOf("data: {nope\n\n")).rejects.toThrow(AnswerBroken);
  });

  it("takes time that grows with the body, not with its square", async () => {
    for (const start of ["data: ", "{"]) {
      const begun = performance.now();
      await partsOf(start, ...Array(8_000).fill("x".repeat(1000))).catch(() => {});
      expect(performance.now() - begun).toBeLessThan(3000);
    }
  });
});
