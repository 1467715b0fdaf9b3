/** How a shell reads a place of a command; `document` is a here-document whose delimiter is quoted. */
export type Quoting = "bare" | "double" | "single" | "escaped" | "document";

type Context = "bare" | "double" | "backtick" | "braces" | "arithmetic";

interface Document {
  readonly delimiter: string;
  readonly quoted: boolean;
  readonly tabs: boolean;
}

interface Scan {
  readonly text: string;
  at: number;
  /** Innermost last. */
  readonly contexts: Context[];
  /** Here-documents whose body begins after the next line break. */
  readonly documents: Document[];
}

// A word after << ends where a shell's word ends.
const DELIMITER = /^(-?)[ \t]*((?:'[^']*'|"[^"]*"|\\.|[^\s'"\\|&;()<>])+)/;

function readDelimiter(scan: Scan): void {
  const match = DELIMITER.exec(scan.text.slice(scan.at));
  if (match === null) return;
  const [whole, dash, word] = match as unknown as [string, string, string];
  const delimiter = word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, "$1$2$3");
  scan.documents.push({ delimiter, quoted: delimiter !== word, tabs: dash === "-" });
  scan.at += whole.length;
}

/** Returns where the body of a here-document that begins at `from` ends, its last line included. */
function endOfDocument({ text }: Scan, from: number, { delimiter, tabs }: Document): number {
  for (let at = from; at < text.length; ) {
    const end = text.indexOf("\n", at) === -1 ? text.length : text.indexOf("\n", at);
    const line = text.slice(at, end);
    if ((tabs ? line.replace(/^\t+/, "") : line) === delimiter) return end;
    at = end + 1;
  }
  return text.length;
}

const startsWord = (text: string, at: number): boolean => at === 0 || /[\s;&|()]/.test(text[at - 1]!);

// What begins a context, and which: arithmetic has two parentheses to close.
const BEGINS: readonly (readonly [start: string, ...inner: Context[]])[] = [
  ["$((", "arithmetic", "arithmetic"],
  ["$(", "bare"],
  ["${", "braces"],
  ['"', "double"],
  ["`", "backtick"],
];

const ENDS: { readonly [context in Context]?: string } = { double: '"', backtick: "`", braces: "}" };

// Takes what stands at `scan.at` and returns how the shell reads it.
function next(scan: Scan): Quoting {
  const { text, contexts } = scan;
  const context = contexts.at(-1)!;
  const char = text[scan.at]!;
  const inDouble = context === "double" || (context === "braces" && contexts.at(-2) === "double");
  const quoting = inDouble ? "double" : "bare";
  const begin = BEGINS.find(([start]) => text.startsWith(start, scan.at));
  if (char === "\\") {
    scan.at += 2;
    return "escaped";
  }
  if (char === "'" && !inDouble) {
    const end = text.indexOf("'", scan.at + 1);
    scan.at = end === -1 ? text.length : end + 1;
    return "single";
  }
  if (char === ENDS[context]) {
    contexts.pop();
    scan.at += 1;
  } else if (begin !== undefined) {
    const [start, ...inner] = begin;
    contexts.push(...inner);
    scan.at += start.length;
  } else if (inDouble) scan.at += 1;
  else return bare(scan, char);
  return quoting;
}

function bare(scan: Scan, char: string): Quoting {
  const { text, contexts, documents } = scan;
  const isCode = contexts.at(-1) === "bare" || contexts.at(-1) === "backtick";
  if (isCode && char === "#" && startsWord(text, scan.at)) {
    const end = text.indexOf("\n", scan.at);
    scan.at = end === -1 ? text.length : end;
  } else if (isCode && text.startsWith("<<", scan.at)) {
    scan.at += 2;
    readDelimiter(scan);
  } else if (char === "\n" && documents.length > 0) {
    const document = documents.shift()!;
    scan.at = endOfDocument(scan, scan.at + 1, document);
    // An expansion in a body is read as between double quotes; quotes themselves mean nothing there.
    return document.quoted ? "document" : "double";
  } else {
    const context = contexts.at(-1)!;
    if (context === "bare" || context === "arithmetic") {
      if (char === "(") contexts.push(context);
      if (char === ")" && contexts.length > 1) contexts.pop();
    }
    scan.at += 1;
  }
  return "bare";
}

/**
 * Returns how a POSIX shell reads a place of a command: where quoted strings end, what a comment or a here-document
 * covers, and that `$(…)` begins anew.
 *
 * @example quotingAt("echo '$a' \"$b\"", 6) // "single"
 */
export function quotingAt(command: string, place: number): Quoting {
  const scan: Scan = { text: command, at: 0, contexts: ["bare"], documents: [] };
  let quoting: Quoting = "bare";
  while (scan.at <= place && scan.at < command.length) quoting = next(scan);
  return quoting;
}
