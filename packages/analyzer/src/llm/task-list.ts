const KEY = '"tasks"';

/**
 * Finds the first list that stands under the key `tasks` in a text, whatever stands around it (prose, code fences, an
 * object that never ends), and gives out its elements as they close. Linear in the length of the text.
 */
export class TaskList {
  /** How much of the key, the colon and the bracket has been seen; `inside` once the list has begun. */
  #place: number | "inside" | "behind" = 0;
  /** What has come of the element that is open; null between elements. */
  #element: string | null = null;
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  /** Whether the list has begun. */
  get found(): boolean {
    return typeof this.#place === "string";
  }

  /** Whether the list has come to its end. */
  get ended(): boolean {
    return this.#place === "behind";
  }

  /**
   * Takes the next piece of the text and returns the elements that close in it, parsed; `undefined` for one that is no
   * JSON. Commas before a closing bracket are forgiven.
   */
  push(text: string): unknown[] {
    const closed: unknown[] = [];
    let start = 0;
    const close = (end: number): void => {
      closed.push(parse(this.#element + text.slice(start, end)));
      this.#element = null;
    };
    for (let i = 0; i < text.length && this.#place !== "behind"; i++) {
      const char = text[i]!;
      if (typeof this.#place === "number") this.#place = nextPlace(this.#place, char);
      else if (this.#element !== null) {
        const ending = this.#follow(char);
        if (ending !== null) close(i + ending);
        if (this.#element === null && ending === 0 && char !== ",") this.#place = "behind";
      } else if (char === "]" || char === "}") this.#place = "behind";
      else if (!/[\s,]/.test(char)) {
        start = i;
        this.#element = "";
        this.#follow(char);
      }
    }
    if (this.#element !== null) this.#element += text.slice(start);
    return closed;
  }

  /** Returns null while the element goes on; else how much of this character is still part of it, 0 or 1. */
  #follow(char: string): 0 | 1 | null {
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (char === "\\") this.#isEscaped = true;
      else if (char === '"') this.#inString = false;
      return null;
    }
    if (char === '"') this.#inString = true;
    else if (char === "{" || char === "[") this.#depth++;
    else if (char === "}" || char === "]") {
      if (this.#depth === 0) return 0;
      this.#depth--;
      if (this.#depth === 0) return 1;
    } else if (char === "," && this.#depth === 0) return 0;
    return null;
  }
}

/** Places 0 to 6: inside the key; 7: before the colon; 8: before the bracket. */
function nextPlace(place: number, char: string): number | "inside" {
  if (place < KEY.length) {
    if (char === KEY[place]) return place + 1;
  } else if (/\s/.test(char)) return place;
  else if (place === KEY.length && char === ":") return place + 1;
  else if (place > KEY.length && char === "[") return "inside";
  return char === '"' ? 1 : 0;
}

const TRAILING_COMMA = /"[^"\\]*(?:\\.[^"\\]*)*"|,(?=\s*[}\]])/gs;

function parse(text: string): unknown {
  for (const form of [text, text.replace(TRAILING_COMMA, (found) => (found === "," ? "" : found))]) {
    try {
      return JSON.parse(form);
    } catch {
      // the next form may do; what is no JSON in any form is told as undefined
    }
  }
  return undefined;
}
