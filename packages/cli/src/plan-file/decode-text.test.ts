import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { decodeText } from "./decode-text.ts";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

describe("the text of a file", () => {
  it("is UTF-8, with or without the mark at its beginning", () => {
    expect(decodeText(Buffer.from("für\n"))).toBe("für\n");
    expect(decodeText(Buffer.from("\ufeffx"))).toBe("x");
    expect(decodeText(Buffer.alloc(0))).toBe("");
    expect(decodeText(Buffer.from("\ufffd"))).toBe("\ufffd");
  });

  it.each([
    [latin1("a: für\n"), 1, 5, "FC"],
    [latin1("a: 1\nb: 2\nx: é\n"), 3, 4, "E9"],
    [Buffer.concat([Buffer.from("größe: "), latin1("ß")]), 1, 8, "DF"],
    [Buffer.concat([Buffer.from("a\n"), Buffer.from("ß").subarray(0, 1)]), 2, 1, "C3"],
    [Buffer.concat([Buffer.from("a: "), latin1("éa\nb")]), 1, 4, "E9"],
  ])("of other bytes has a place where it ends: %j", (bytes, line, column, byte) => {
    expect(decodeText(bytes)).toMatchObject({
      position: { line, column },
      problem: expect.stringContaining(`(byte ${byte}); save the file as UTF-8`),
    });
  });

  it.each([
    ["little end first", Buffer.from("\ufefftasks: []", "utf16le")],
    ["big end first", Buffer.from("\ufefftasks: []", "utf16le").swap16()],
    ["without a mark", Buffer.from("tasks: []", "utf16le")],
    ["without a mark, big end first", Buffer.from("tasks: []", "utf16le").swap16()],
  ])("in UTF-16 is called so: %s", (_what, bytes) => {
    expect(decodeText(bytes)).toMatchObject({ problem: expect.stringContaining("UTF-16") });
  });
});
