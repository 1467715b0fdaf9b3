import { SheafError, show } from "../errors.ts";

/** A piece of a DOT text. `text` of a name is the name itself, without quotes and escapes. */
export interface DotToken {
  readonly kind: "name" | "quoted" | "mark" | "end";
  readonly text: string;
  /** 1 for the first. */
  readonly line: number;
}

const SKIPPED = /(?:\s+|\/\/[^\n]*|\/\*.*?\*\/|(?<=(?:^|\n)[ \t]*)#[^\n]*)*/sy;
const NAME = /[A-Za-z_\u{80}-\u{10ffff}][\w\u{80}-\u{10ffff}]*|-?(?:\.\d+|\d+(?:\.\d*)?)(?![\w.])/uy;
const QUOTED = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;
const MARK = /->|--|[{}[\];,=]/y;

/** Fails with GRAPH_FORMAT and the line. */
export function failDot(line: number, problem: string): never {
  throw new SheafError("GRAPH_FORMAT", { format: "DOT", problem: `line ${line}: ${problem}` });
}

/**
 * Splits a DOT text into its tokens, comments left out.
 *
 * @throws SheafError GRAPH_FORMAT
 */
export function dotTokens(text: string): readonly DotToken[] {
  const tokens: DotToken[] = [];
  let at = 0;
  let line = 1;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return undefined;
    at += found.length;
    for (let k = found.indexOf("\n"); k !== -1; k = found.indexOf("\n", k + 1)) line += 1;
    return found;
  };
  for (;;) {
    take(SKIPPED);
    const start = line;
    if (at === text.length) {
      tokens.push({ kind: "end", text: "", line });
      return tokens;
    }
    const mark = take(MARK);
    const name = mark === undefined ? take(NAME) : undefined;
    const quoted = mark === undefined && name === undefined ? take(QUOTED) : undefined;
    if (mark !== undefined) tokens.push({ kind: "mark", text: mark, line: start });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, line: start });
    else if (quoted !== undefined) tokens.push({ kind: "quoted", text: unquoted(quoted), line: start });
    else
      failDot(
        line,
        `expected a name, got ${show(text[at])}; names with other signs than letters need quotes`,
      );
  }
}

/** Returns the text that stands in quotes: written by `toDot` (as JSON), or by DOT's own rules. */
function unquoted(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    // Not JSON: DOT knows an escaped quote and an escaped line end, and leaves every other backslash alone.
    return quoted.slice(1, -1).replace(/\\(?:\r?\n|("))/g, "$1");
  }
}
