/** A place in a text that speaks of another task in words. */
export interface Mention {
  /** Place of the task in the list, from 0. */
  readonly place: number;
  /** The words, as they stand in the text. */
  readonly words: string;
}

const NUMBER = String.raw`#?\d{1,6}(?!\.?\d)`;
const RANGE = String.raw`${NUMBER}(?:(?:\s+(?:to|through)\s+|\s*[-–—]\s*)${NUMBER})?`;
const COMMA = String.raw`(?:\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+|\s*&\s*)`;
const NUMBERED = new RegExp(
  String.raw`\b(?:(?:step|task)\s+(${NUMBER})|(?:steps|tasks)\s+(${RANGE}(?:${COMMA}${RANGE})*))`,
  "giu",
);
const NUMBER_PAIR = /#?(\d+)(?:(?:\s+(?:to|through)\s+|\s*[-–—]\s*)#?(\d+))?/giu;
// "Step 3: fit the model" says its own number, and list numbers drift; it speaks of no other task.
const OWN_LABEL = /^\s*(?:step|task)\s+#?\d+\s*[:.)–—-]/iu;

const WORD = /[\p{L}\p{N}_][\p{L}\p{N}\p{M}._-]*/gu;
const LEAD_IN =
  /(?:\b(?:outputs?|results?)\s+(?:of|from)\s+(?:(?:the\s+)?(?:task|step)\s+)?|\b(?:from|after)\s+(?:task|step)\s+)["'`“‘]?$/iu;
const LONGEST_LEAD_IN = 60;
const CLOSING: ReadonlyMap<string, string> = new Map(
  ["''", '""', "``", "“”", "‘’"].map((q) => [q[0]!, q[1]!]),
);

/**
 * Finds where a text speaks of tasks: by number ("step 3", "steps 1-3 and 5"), by a quoted id, by "the output of fetch",
 * or by a bare id that cannot be taken for a common word, since it holds a digit, "-", "_" or ".".
 *
 * @param places the place of every id
 * @example findMentions("plot the output of fit", new Map([["fit", 0]]))[0] // { place: 0, words: "output of fit" }
 */
export function findMentions(text: string, places: ReadonlyMap<string, number>): readonly Mention[] {
  const start = OWN_LABEL.exec(text)?.[0].length ?? 0;
  const body = text.slice(start);
  return [...byNumber(body, places), ...byId(body, places)];
}

function byNumber(text: string, places: ReadonlyMap<string, number>): readonly Mention[] {
  const mentions: Mention[] = [];
  for (const match of text.matchAll(NUMBERED)) {
    for (const [, first, last] of (match[1] ?? match[2]!).matchAll(NUMBER_PAIR)) {
      const start = Number(first);
      const end = Math.min(Number(last ?? first), start + places.size - 1);
      for (let n = start; n <= end; n++) {
        // Where tasks are called by numbers, a number is a name first.
        const place = places.get(String(n)) ?? n - 1;
        if (place >= 0 && place < places.size) mentions.push({ place, words: match[0] });
      }
    }
  }
  return mentions;
}

function byId(text: string, places: ReadonlyMap<string, number>): readonly Mention[] {
  const mentions: Mention[] = [];
  for (const match of text.matchAll(WORD)) {
    const full = match[0];
    const id = places.has(full) ? full : full.replace(/[._-]+$/u, "");
    const place = places.get(id);
    if (place === undefined) continue;
    const words = wordsAround(text, { start: match.index, id, full });
    if (words !== undefined) mentions.push({ place, words });
  }
  return mentions;
}

/** Returns the words by which a text means the task, or undefined where the id may be a common word. */
function wordsAround(
  text: string,
  { start, id, full }: { readonly start: number; readonly id: string; readonly full: string },
): string | undefined {
  const closing = CLOSING.get(text[start - 1] ?? "");
  const isQuoted =
    closing !== undefined && [text[start + id.length], text[start + full.length]].includes(closing);
  const end = start + id.length;
  const lead = LEAD_IN.exec(text.slice(Math.max(0, start - LONGEST_LEAD_IN), start));
  if (lead !== null) return text.slice(start - lead[0].length, end) + (isQuoted ? closing : "");
  if (isQuoted) return `${text[start - 1]}${id}${closing}`;
  return /\p{L}/u.test(id) && /[\p{N}._-]/u.test(id) ? id : undefined;
}
