import { Buffer } from "node:buffer";
import type { TextProblem } from "./positioned-data.ts";

const LINE_END = 0x0a;

/** Returns a file's text, or why it is none in UTF-8. */
export function decodeText(bytes: Uint8Array): string | TextProblem {
  if (isUtf16(bytes)) {
    return { position: { line: 1, column: 1 }, problem: "this is text in UTF-16; save the file as UTF-8" };
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return firstBadByte(bytes);
  }
}

// With the mark at its beginning, or without one: text for people has no NUL characters.
function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  return bytes.length > 1 && (first === 0) !== (second === 0);
}

function firstBadByte(bytes: Uint8Array): TextProblem {
  // A character that is broken off begins where the last whole one ends.
  const at = Buffer.byteLength(decodeStart(bytes.subarray(0, goodBytes(bytes))));
  const start = bytes.lastIndexOf(LINE_END, at - 1) + 1;
  const line = bytes.subarray(0, start).filter((byte) => byte === LINE_END).length + 1;
  const column = decodeStart(bytes.subarray(start, at)).length + 1;
  const byte = bytes[at]!.toString(16).toUpperCase().padStart(2, "0");
  return {
    position: { line, column },
    problem: `this is not text in UTF-8 (byte ${byte}); save the file as UTF-8`,
  };
}

/** How many bytes at the beginning are text, of bytes that are not text as a whole. */
function goodBytes(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isStart(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

const decodeStart = (bytes: Uint8Array): string =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });

function isStart(bytes: Uint8Array): boolean {
  try {
    decodeStart(bytes);
    return true;
  } catch {
    return false;
  }
}
