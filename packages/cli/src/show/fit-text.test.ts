import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { fitText, manyLines, oneLine, padText, wrapText } from "./fit-text.ts";

describe("fitText", () => {
  it("keeps what fits and marks a cut", () => {
    expect(fitText("short", 5)).toBe("short");
    expect(fitText("a long story", 7)).toBe("a long…");
    expect(fitText("anything", 0)).toBe("");
  });

  it("never exceeds the width, also with wide letters and joined signs", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, width) => {
        expect(stringWidth(fitText(text, width))).toBeLessThanOrEqual(width);
      }),
    );
    expect(fitText("日本語の文章", 6)).toBe("日本…");
  });
});

describe("oneLine", () => {
  it("takes the sting out of what agents say", () => {
    expect(oneLine("\u001b[31mred\u001b[0m\n  and\r\nmore\u0007\u202e")).toBe("red and more");
  });
});

describe("manyLines", () => {
  it("keeps line breaks and nothing else that moves the cursor", () => {
    expect(manyLines("a\r\n\u001b[2Jb\tc\u0000\rd  ")).toEqual(["a", "b  c", "d"]);
  });
});

describe("padText", () => {
  it("fills up on either side by columns, not by letters", () => {
    expect(padText("日", 4)).toBe("日  ");
    expect(padText("ab", 4, "left")).toBe("  ab");
    expect(padText("abcde", 4)).toBe("abcde");
  });
});

describe("wrapText", () => {
  it("breaks between words and leaves a long word whole", () => {
    expect(wrapText("it depends on fit, which failed", 12)).toEqual([
      "it depends",
      "on fit,",
      "which failed",
    ]);
    expect(wrapText("/a/very/long/path is here", 10)).toEqual(["/a/very/long/path", "is here"]);
    expect(wrapText("", 10)).toEqual([""]);
  });
});
