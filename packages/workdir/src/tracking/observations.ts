import { isUtf8 } from "node:buffer";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import type { Observation, ObservationKind, Observed } from "@sheaf/core";

/** What the fs hook's `stop` returns. */
export interface TrackedReads {
  /** A kind's letter and a path relative to the root, or, after a slash, to the live directory. */
  readonly reads: readonly (readonly [kind: string, path: string])[];
  readonly complete: boolean;
  readonly why: string | null;
}

const KINDS: Readonly<Record<string, ObservationKind>> = {
  c: "content",
  s: "stat",
  e: "exists",
  l: "listing",
  t: "tree",
  w: "written",
  a: "appended",
  m: "made",
};
const UNKNOWN = "u";
const NUL = 0;

/** File to preload by `-r`, compiled; see `fs-hook.cts`. */
export const fsHookFile: string = fileURLToPath(new URL("../../dist/tracking/fs-hook.cjs", import.meta.url));

class Gathering {
  readonly #found = new Map<string, Observation>();
  readonly #past = new Map<string, Observation>();
  #why: string | null = null;

  add(letter: string, path: string): void {
    const kind = Object.hasOwn(KINDS, letter) ? KINDS[letter] : undefined;
    if (kind === undefined) this.unknown(`There is a record of an unknown kind, ${JSON.stringify(letter)}.`);
    else if (path.startsWith("/")) this.#past.set(`${kind} ${path}`, { path: path.slice(1), kind });
    else this.#found.set(`${kind} ${path}`, { path, kind });
  }

  unknown(why: string): void {
    this.#why ??= why;
  }

  result(): Observed {
    const keyOf = ({ path, kind }: Observation): string => `${path}\0${kind}`;
    const sorted = (found: ReadonlyMap<string, Observation>): readonly Observation[] =>
      [...found.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const past = this.#past.size === 0 ? {} : { past: sorted(this.#past) };
    return { observations: sorted(this.#found), ...past, incomplete: this.#why };
  }
}

/** Brings what the fs hook's `stop` returned into the form of `parseTrackLog`. */
export function trackedObservations({ reads, complete, why }: TrackedReads): Observed {
  const gathering = new Gathering();
  if (!complete) gathering.unknown(why ?? "The tracker did not say what is missing.");
  for (const [letter, path] of reads) gathering.add(letter, path);
  return gathering.result();
}

/**
 * Reads a log of the fs hook: records of one letter, an absolute path and a NUL byte. `root` is absolute; paths
 * outside of it are dropped. A record `u` with a reason, a torn record or a path that is not UTF-8 makes it incomplete.
 */
export function parseTrackLog(text: Buffer, root: string): Observed {
  const gathering = new Gathering();
  const top = withoutEnd(posix.normalize(root));
  let start = 0;
  for (let end = text.indexOf(NUL); end !== -1; end = text.indexOf(NUL, start)) {
    addRecord(gathering, { record: decoded(text.subarray(start, end)), top });
    start = end + 1;
  }
  if (start < text.length) gathering.unknown("The last record is torn.");
  return gathering.result();
}

function addRecord(
  gathering: Gathering,
  { record, top }: { readonly record: string | null; readonly top: string },
): void {
  const letter = record?.slice(0, 1);
  const rest = record?.slice(1) ?? "";
  if (letter === undefined) gathering.unknown("A path is not valid UTF-8.");
  else if (letter === UNKNOWN) gathering.unknown(rest || "A tracker did not say what is missing.");
  else if (!posix.isAbsolute(rest))
    gathering.unknown(`A record has no absolute path: ${JSON.stringify(record)}.`);
  else {
    const path = withoutEnd(posix.normalize(rest));
    if (path === top) gathering.add(letter, "");
    else if (path.startsWith(`${top}/`)) gathering.add(letter, path.slice(top.length + 1));
  }
}

/** "/" becomes "", to which other paths are joined by a slash. */
const withoutEnd = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);

/** Returns the text, or null when the bytes are not UTF-8. */
const decoded = (bytes: Buffer): string | null => (isUtf8(bytes) ? bytes.toString("utf8") : null);
