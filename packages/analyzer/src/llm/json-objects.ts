// Enough for prose with braces in it; a bound, since each start may be followed to the end of the text.
const MOST_STARTS = 50;

/**
 * Yields the JSON objects in a text, whatever stands around them (prose, code fences). Commas before a closing bracket
 * are forgiven, nothing else is.
 *
 * @example [...jsonObjects('Here: ```json\n{"a": [1,],}\n```')] // [{ a: [1] }]
 */
export function* jsonObjects(text: string): Generator<unknown> {
  let start = text.indexOf("{");
  for (let tries = 0; start !== -1 && tries < MOST_STARTS; tries++) {
    const end = objectEnd(text, start);
    const value = end === -1 ? undefined : parse(text.slice(start, end));
    if (value !== undefined) yield value;
    start = text.indexOf("{", value === undefined ? start + 1 : end);
  }
}

/** Index after the brace that closes the one at `start`, or -1. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === "\\") i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{") depth++;
    else if (char === "}") {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}

const TRAILING_COMMA = /"[^"\\]*(?:\\.[^"\\]*)*"|,(?=\s*[}\]])/gs;

function parse(text: string): unknown {
  for (const form of [text, text.replace(TRAILING_COMMA, (found) => (found === "," ? "" : found))]) {
    try {
      return JSON.parse(form);
    } catch {
      // the next form may do; what is no JSON in any form is left out
    }
  }
  return undefined;
}
