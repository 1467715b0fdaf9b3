// Files of hints from earlier runs: their loss costs time and never a result, so nothing here throws.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What a file of hints holds, and why it counts as empty; both null when there is no file yet. */
export interface Hints<T> {
  readonly value: T | null;
  readonly note: string | null;
}

export interface HintFile<T> {
  /** What the hints are about, for people: "Durations of earlier runs". */
  readonly about: string;
  readonly schema: number;
  /** Name of the member that holds the hints. */
  readonly member: string;
  readonly accepts: (value: unknown) => value is T;
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Reads a file of hints. */
export function readHints<T>(path: string, { about, schema, member, accepts }: HintFile<T>): Hints<T> {
  const empty = (why: string): Hints<T> => ({ value: null, note: `${about} are not known: ${why}.` });
  try {
    const content = (JSON.parse(readFileSync(path, "utf8")) ?? {}) as Readonly<Record<string, unknown>>;
    const found = content.schema;
    if (found !== schema) return empty(`${path} has schema ${String(found)}, this version reads ${schema}`);
    const value = content[member];
    return accepts(value) ? { value, note: null } : empty(`${path} is damaged`);
  } catch (error) {
    // The first run of a directory finds none; that is no news.
    if ((error as { readonly code?: unknown }).code === "ENOENT") return { value: null, note: null };
    return empty(`${path} cannot be read (${messageOf(error)})`);
  }
}

/** Replaces a file of hints as a whole. Returns null, or what went wrong as a sentence. */
export function replaceHints<T>(
  path: string,
  { about, schema, member }: HintFile<T>,
  value: T,
): string | null {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, JSON.stringify({ schema, [member]: value }));
    renameSync(temporary, path);
    return null;
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // The first failure is the one to tell.
    }
    return `${about} could not be saved to ${path}: ${messageOf(error)}.`;
  }
}
