// Owns what this thread has seen of one folder since it was told to begin. Knows nothing of the functions that look.
//
// Invariants:
//  1. A record is kept, and handed on, before the access that it is about takes place.
//  2. A path is recorded where it leads to, with each link on its way, and as it was given if no folder of it is a link.
//  3. Whatever could not be known makes the records incomplete, with a sentence that says why; that is never undone.
//  4. No error leaves `see`, `failed` or `unknown`.
import type { Kinds } from "./kinds.cjs";
import type { LinkWalkModule } from "./link-walk.cjs";

const { realpathSync } = require("node:fs") as typeof import("node:fs");
const { posix } = require("node:path") as typeof import("node:path");
const { fileURLToPath } = require("node:url") as typeof import("node:url");
const { isEven, linkWalk } = require("./link-walk.cjs") as LinkWalkModule;
const { CONTENT, EXISTS, LETTERS, MADE, MAKES, NO_FOLLOW } = require("./kinds.cjs") as Kinds;

/** Where new records go besides the recorder's own memory. */
export interface Sink {
  /** Takes a letter and a path relative to the root. */
  record(letter: string, path: string): void;
  unknown(why: string): void;
}

/** The live directory, of which the root shows a state. */
export interface Shared {
  /** Absolute path. */
  readonly path: string;
  /** Absolute real paths of folders that nobody changes; looks into one are recorded as looks at it. */
  readonly frozen: readonly string[];
}

export interface Recorded {
  /** Letter and path relative to the root, "" for the root itself; after a slash relative to the live directory. */
  reads: [letter: string, path: string][];
  complete: boolean;
  /** What is not known, as a sentence; null when all is known. */
  why: string | null;
}

export interface Recorder {
  /** True between `begin` and `end`; everything else is only to be called while it is. */
  active: boolean;
  readonly root: string;
  begin(root: string, sink: Sink | null, shared: Shared | null): void;
  end(): Recorded;
  /** Records that a path was looked at; `mask` is a sum of kinds. What is not a path is passed over. */
  see(mask: number, path: unknown): void;
  /** Takes a record that another thread made: one letter and a path relative to the root. */
  take(letter: string, path: string): void;
  unknown(why: string): void;
  /** Takes an error of what watches, which becomes something unknown. */
  failed(error: unknown): void;
  /** Returns a path's text, absolute, or null for what is not a path. */
  textOf(path: unknown): string | null;
  /** Tells whether looks at an absolute path are recorded. */
  covers(path: string): boolean;
  /** A change of links or folders begins; nothing is remembered until the returned function has been called. */
  changing(): () => void;
  /** From now on others may change links and folders, so nothing about them is remembered. */
  shared(): void;
}

export interface RecorderModule {
  createRecorder(): Recorder;
  MOST_RECORDS: number;
}

const MOST_RECORDS = 200_000;
const SLASH = 47;
/** Matches paths of Sheaf's own state in the live directory. */
const OF_STATE = /\/\.sheaf(?:\/|$)/;
/** Bits that a mask takes. */
const APART = 10;

function decoded(path: unknown): string | null | undefined {
  if (typeof path === "string") return path;
  if (path instanceof Uint8Array) {
    const bytes = Buffer.from(path.buffer, path.byteOffset, path.byteLength);
    const text = bytes.toString("utf8");
    return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
  }
  if (path === null || typeof path !== "object" || !("href" in path) || !("protocol" in path)) return null;
  try {
    return fileURLToPath(path as URL);
  } catch {
    return null;
  }
}

const isIn = (folder: string, path: string): boolean =>
  path.startsWith(folder) && (path.length === folder.length || path.charCodeAt(folder.length) === SLASH);

function real(root: string): string {
  try {
    return realpathSync(root);
  } catch {
    return root;
  }
}

class ThreadRecorder implements Recorder {
  active = false;
  root = "";
  #prefixes: readonly string[] = [];
  #live: readonly string[] = [];
  #frozen: readonly string[] = [];
  #sink: Sink | null = null;
  #why: string | null = null;
  #count = 0;
  readonly #kinds = new Map<string, number>();
  /** What was already seen, by path as given; saves looking for links again. */
  readonly #given = new Map<string, number>();
  readonly #links = linkWalk();
  #cwd = "";
  #changes = 0;
  #shared = false;

  begin(root: string, sink: Sink | null, shared: Shared | null): void {
    if (this.active) throw new Error("Files are already being tracked in this thread");
    if (typeof root !== "string" || !posix.isAbsolute(root)) {
      throw new TypeError(`Expected the root to be an absolute path, got ${String(root)}`);
    }
    const even = posix.normalize(root);
    this.root = even.length > 1 && even.endsWith("/") ? even.slice(0, -1) : even;
    this.#prefixes = [...new Set([this.root, real(this.root)])].map((prefix) =>
      prefix === "/" ? "" : prefix,
    );
    this.#live = shared === null ? [] : [...new Set([shared.path, real(shared.path)])];
    this.#frozen = shared?.frozen ?? [];
    this.#sink = sink;
    this.#why = null;
    this.#count = 0;
    this.#shared = false;
    this.#kinds.clear();
    this.#forget();
    this.active = true;
  }

  end(): Recorded {
    this.active = false;
    const reads: [string, string][] = [];
    for (const [path, mask] of this.#kinds) {
      for (let bit = 0; bit < LETTERS.length; bit++) {
        if ((mask & (1 << bit)) !== 0) reads.push([LETTERS[bit]!, path]);
      }
    }
    this.#kinds.clear();
    this.#forget();
    return { reads, complete: this.#why === null, why: this.#why };
  }

  see(mask: number, path: unknown): void {
    try {
      this.#see(mask, path);
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error: unknown): void {
    this.unknown(`The tracker failed: ${error instanceof Error ? error.message : typeof error}.`);
  }

  take(letter: string, path: string): void {
    const bit = LETTERS.indexOf(letter);
    if (bit >= 0) this.#record(1 << bit, path);
    else this.unknown(path);
  }

  unknown(why: string): void {
    if (this.#why !== null) return;
    this.#why = why;
    try {
      this.#sink?.unknown(why);
    } catch {
      // Nobody is left who could be told; the reason stays here.
    }
  }

  changing(): () => void {
    this.#changes++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#changes--;
      this.#forget();
    };
  }

  shared(): void {
    this.#shared = true;
    this.#forget();
  }

  covers(path: string): boolean {
    return this.#relative(path) !== null;
  }

  textOf(path: unknown): string | null {
    const text = decoded(path);
    if (text === undefined) {
      this.unknown("A path is not valid UTF-8.");
      return null;
    }
    if (text === null || text === "" || text.includes("\0")) return null;
    return text.charCodeAt(0) === SLASH ? text : `${process.cwd()}/${text}`;
  }

  #see(mask: number, path: unknown): void {
    const given = typeof path === "string" ? path : this.textOf(path);
    if (given === null) return;
    if (given.charCodeAt(0) !== SLASH) this.#follow(process.cwd());
    // Kinds that follow the last link and kinds that do not are remembered apart.
    const flags = (mask & NO_FOLLOW) === 0 ? mask : mask << APART;
    const seen = this.#given.get(given) ?? 0;
    if ((seen & flags) === flags) return;
    const text = this.textOf(given);
    if (text !== null) this.#visit(mask, text);
    if (this.#changes > 0 || this.#shared) this.#forget();
    else this.#given.set(given, seen | flags);
  }

  /** Forgets what relative paths meant when the working directory is another one. */
  #follow(cwd: string): void {
    if (cwd === this.#cwd) return;
    this.#cwd = cwd;
    this.#given.clear();
  }

  #visit(mask: number, text: string): void {
    const follow = (mask & NO_FOLLOW) === 0;
    const kinds = mask & ~(NO_FOLLOW | MAKES);
    const end = this.#links.leadsTo(text, follow, this.#onTheWay);
    // Behind a link there is nothing that the link and the place it leads to do not tell.
    if (!this.#links.isBehindLink(text)) this.#recordAt(kinds, text);
    if (end !== text) this.#recordAt(kinds, end);
    if ((mask & MAKES) !== 0) this.#seeFolder(posix.dirname(end));
  }

  /** Records that there was a folder, or none; of one that was made here nothing was learned. */
  #seeFolder(path: string): void {
    const relative = this.#relative(path);
    if (relative === null || relative === "" || relative === "/") return;
    if (((this.#kinds.get(relative) ?? 0) & MADE) === 0) this.#record(EXISTS, relative);
  }

  readonly #onTheWay = {
    link: (path: string): void => this.#recordAt(CONTENT, path),
    left: (path: string): void => this.#seeFolder(path),
  };

  #recordAt(kinds: number, path: string): void {
    const relative = this.#relative(path);
    if (relative !== null) this.#record(kinds, relative);
  }

  #relative(path: string): string | null {
    let even = isEven(path) ? path : posix.normalize(path);
    if (even.endsWith("/")) even = even.slice(0, -1);
    for (const prefix of this.#prefixes) {
      if (isIn(prefix, even)) return even.slice(prefix.length + 1);
    }
    for (const prefix of this.#live) {
      if (!isIn(prefix, even)) continue;
      const place = this.#frozen.find((folder) => isIn(folder, even)) ?? even;
      const path = place.slice(prefix.length);
      if (OF_STATE.test(path)) return null;
      return path === "" ? "/" : path;
    }
    return null;
  }

  #record(kinds: number, path: string): void {
    const before = this.#kinds.get(path) ?? 0;
    const fresh = kinds & ~before;
    if (fresh === 0) return;
    for (let bit = 0; bit < LETTERS.length; bit++) {
      if ((fresh & (1 << bit)) === 0) continue;
      if (++this.#count > MOST_RECORDS) {
        this.unknown(`More than ${MOST_RECORDS} records were made.`);
        return;
      }
      this.#sink?.record(LETTERS[bit]!, path);
    }
    this.#kinds.set(path, before | fresh);
  }

  #forget(): void {
    this.#given.clear();
    this.#links.forget();
  }
}

const createRecorder = (): Recorder => new ThreadRecorder();

module.exports = { createRecorder, MOST_RECORDS } satisfies RecorderModule;
