import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Returns text of others as one line without control characters, so that it cannot disturb the terminal. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}|\p{Cf}/gu, "")
    .trim();
}

/** Returns text of others with its line breaks, without other control characters. */
export function manyLines(text: string): readonly string[] {
  return stripVTControlCharacters(text)
    .split(/\r\n|\n|\r/)
    .map((line) =>
      line
        .replace(/\t/g, "  ")
        .replace(/\p{Cc}|\p{Cf}/gu, "")
        .trimEnd(),
    );
}

/**
 * Returns at most `width` columns of a line without escape codes; the cut is marked.
 *
 * @example fitText("a long story", 7) // "a long…"
 */
export function fitText(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = "";
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) {
    columns += stringWidth(segment);
    if (columns > width - 1) break;
    kept += segment;
  }
  return width < 1 ? "" : `${kept.trimEnd()}…`;
}

/** Fills a text up with spaces to `width` columns, on the right, or on the left. */
export function padText(text: string, width: number, side: "left" | "right" = "right"): string {
  const space = " ".repeat(Math.max(0, width - stringWidth(text)));
  return side === "right" ? text + space : space + text;
}

/** Breaks a text into lines of at most `width` columns, between words where it can. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && stringWidth(line) + 1 + stringWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
