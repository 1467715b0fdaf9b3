/** A glob below the shared directory, taken apart. It names what it matches, and all below that. */
export interface PathPattern {
  /** As its author wrote it. */
  readonly text: string;
  /** Names between slashes. "**" stands for any number of names, "*" and "?" keep their meaning inside a name. */
  readonly segments: readonly string[];
  /** How many of the first segments have no wildcard. */
  readonly fixed: number;
}

const CLOSERS: Readonly<Record<string, string>> = { "[": "]", "{": "}", "(": ")" };

/**
 * Takes a glob apart. Braces, classes and extended globs are widened to "*", so that the result never names less
 * than the glob does.
 *
 * @example pathPattern("./data/{a,b}.csv/").segments // ["data", "*.csv"]
 */
export function pathPattern(text: string): PathPattern {
  const segments: string[] = [];
  for (const name of widen(text).split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") return { text, segments: [], fixed: 0 }; // where that leads is not worked out
    segments.push(name.includes("**") ? "**" : name);
    if (name.includes("**") && !/^\*+$/.test(name)) break; // stars beside other signs may cross slashes
  }
  // A glob covers what lies below it anyway.
  while (segments.at(-1) === "**") segments.pop();
  const wild = segments.findIndex(isWild);
  return { text, segments, fixed: wild === -1 ? segments.length : wild };
}

/** Tells whether a segment holds a wildcard. */
export function isWild(segment: string): boolean {
  return segment.includes("*") || segment.includes("?");
}

function widen(glob: string): string {
  let wide = "";
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i]!;
    const opener = "+@!?*".includes(char) && glob[i + 1] === "(" ? i + 1 : i;
    if (glob[opener]! in CLOSERS) {
      const end = groupEnd(glob, opener);
      // A group with a slash, or repeated by "+" or "?", may span folders.
      const spans = end === -1 || glob.slice(opener, end).includes("/") || /^[+?]/.test(glob.slice(end + 1));
      if (spans) return anythingBelow(wide, glob.slice(opener));
      wide += wide.endsWith("*") ? "" : "*";
      i = end;
    } else if (char === "+" && glob[i + 1] === "+") {
      wide += "*";
    } else if (char === "\\") {
      i++;
      if (glob[i] === "/") return anythingBelow(wide, glob.slice(i));
      wide += "*?".includes(glob[i] ?? "*") ? "*" : glob[i]!;
    } else if ("|)]}".includes(char)) {
      return "**"; // belongs to nothing, so what it does to the rest is not known
    } else {
      wide += char;
    }
  }
  return wide;
}

/** Index of the bracket that closes the one at `start`, or -1. */
function groupEnd(glob: string, start: number): number {
  if (/^\[[!^]?\]/.test(glob.slice(start, start + 3))) return -1; // that "]" is the first of the class
  const open: string[] = [];
  for (let i = start; i < glob.length; i++) {
    const char = glob[i]!;
    if (char === "\\") i++;
    else if (char in CLOSERS) open.push(CLOSERS[char]!);
    else if (char === open.at(-1)) open.pop();
    if (open.length === 0) return i;
  }
  return -1;
}

/** Everything in the folder that `start` leads to; everything at all where the rest may name an alternative to it. */
const anythingBelow = (start: string, rest: string): string =>
  rest.includes("|") ? "**" : `${start.slice(0, start.lastIndexOf("/") + 1)}**`;
