import { isWild, type PathPattern, pathPattern } from "./path-pattern.ts";

/**
 * Tells whether one path could be covered by both globs. A glob covers what it matches and all below that.
 * It may say yes where there is no such path, never no where there is one.
 *
 * @example globsOverlap("data/*.csv", "data/a.csv") // true
 * @example globsOverlap("data", "data/x/y.csv") // true
 * @example globsOverlap("data/*.csv", "data/*.json") // false
 *
 * There may be a folder "notes.md", so it overlaps every file below any folder:
 * @example globsOverlap("notes.md", "**" + "/*.csv") // true
 */
export function globsOverlap(a: string, b: string): boolean {
  return patternsOverlap(pathPattern(a), pathPattern(b));
}

/** `globsOverlap` for globs that are taken apart already. */
export function patternsOverlap(a: PathPattern, b: PathPattern): boolean {
  const shorter = Math.min(a.segments.length, b.segments.length);
  for (let i = 0; i < shorter; i++) {
    const x = a.segments[i]!;
    const y = b.segments[i]!;
    if (x === ANY_NAMES || y === ANY_NAMES) {
      const restA = [...a.segments.slice(i), ANY_NAMES];
      const restB = [...b.segments.slice(i), ANY_NAMES];
      return canMeet(restA, restB, { any: ANY_NAMES, alike: namesOverlap });
    }
    if (!namesOverlap(x, y)) return false;
  }
  return true; // one is above the other, whatever the other's rest is
}

const ANY_NAMES = "**";

function namesOverlap(a: string, b: string): boolean {
  if (a === b) return true;
  if (!isWild(a) && !isWild(b)) return false;
  if (differAtStart(a, b) || differAtEnd(a, b)) return false;
  return canMeet(a, b, { any: "*", alike: (x, y) => x === y || x === "?" || y === "?" });
}

const isSign = (char: string | undefined): boolean => char === undefined || char === "*" || char === "?";

// Most names differ in what stands before their first or after their last wildcard.
function differAtStart(a: string, b: string): boolean {
  let i = 0;
  while (!isSign(a[i]) && a[i] === b[i]) i++;
  return !isSign(a[i]) && !isSign(b[i]);
}

function differAtEnd(a: string, b: string): boolean {
  let i = a.length - 1;
  let j = b.length - 1;
  while (!isSign(a[i]) && a[i] === b[j]) {
    i--;
    j--;
  }
  return !isSign(a[i]) && !isSign(b[j]);
}

interface Alphabet {
  /** Stands for any number of symbols. */
  readonly any: string;
  alike(a: string, b: string): boolean;
}

/** Tells whether two sequences with wildcards can stand for the same thing: each pair of positions once, from the end. */
function canMeet(a: ArrayLike<string>, b: ArrayLike<string>, { any, alike }: Alphabet): boolean {
  const width = b.length + 1;
  // meets[i * width + j]: a from i on and b from j on can stand for the same thing
  const meets = new Uint8Array((a.length + 1) * width);
  const at = (i: number, j: number): boolean => i <= a.length && j <= b.length && meets[i * width + j] === 1;
  for (let i = a.length; i >= 0; i--) {
    for (let j = b.length; j >= 0; j--) {
      const x = a[i];
      const y = b[j];
      let ok = x === undefined && y === undefined;
      if (x === any || y === any) ok = at(i + 1, j) || at(i, j + 1);
      else if (x !== undefined && y !== undefined) ok = at(i + 1, j + 1) && alike(x, y);
      meets[i * width + j] = ok ? 1 : 0;
    }
  }
  return meets[0] === 1;
}
