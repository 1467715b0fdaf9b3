// The file beside the index that says what routes have come to, for whoever has no use for a database.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRouteList } from "./route-list.ts";
import { type RouteSnapshot, SNAPSHOT_SCHEMA } from "./route-snapshot.ts";

/** What the file says, and why it says nothing; both null where there is none. */
export interface ReadSnapshot {
  readonly snapshot: RouteSnapshot | null;
  readonly note: string | null;
}

/** Returns the path of the snapshot in a state folder. */
export function snapshotFile(stateDir: string): string {
  return join(stateDir, "routes.json");
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

/** Says what is wrong with the text of a snapshot, or nothing. */
function problemOf(text: string): string | null {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return "is damaged";
  }
  if (!isRecord(content)) return "is damaged";
  const { schema, routes, windows } = content;
  if (schema !== SNAPSHOT_SCHEMA) {
    return `has schema ${JSON.stringify(schema) ?? "none"}, and this version of Sheaf knows ${SNAPSHOT_SCHEMA}`;
  }
  return (routes === null || isRouteList(routes)) && isRecord(windows) ? null : "is damaged";
}

/** Reads a snapshot. Never throws. */
export function readSnapshot(path: string): ReadSnapshot {
  try {
    const text = readFileSync(path, "utf8");
    const problem = problemOf(text);
    return problem === null
      ? { snapshot: JSON.parse(text) as RouteSnapshot, note: null }
      : { snapshot: null, note: `The snapshot of routes ${path} ${problem}.` };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { snapshot: null, note: null };
    return { snapshot: null, note: `The snapshot of routes cannot be read: ${(error as Error).message}.` };
  }
}

/**
 * Puts a snapshot in the place of the one that is there, as a whole; one that this version cannot read is kept beside
 * it. One at a time may do so. Returns what went wrong as a sentence, or null.
 */
export function replaceSnapshot(path: string, snapshot: RouteSnapshot): string | null {
  const temporary = `${path}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(snapshot, null, 2)}\n`);
    const note = putAside(path);
    renameSync(temporary, path);
    return note;
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // The first failure is the one to tell.
    }
    return `The snapshot of routes could not be written: ${(error as Error).message}.`;
  }
}

function putAside(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
  const problem = problemOf(text);
  if (problem === null) return null;
  const aside = `${path}.aside`;
  renameSync(path, aside);
  return `The snapshot of routes ${path} ${problem}; it is kept as ${aside} and was made anew.`;
}
