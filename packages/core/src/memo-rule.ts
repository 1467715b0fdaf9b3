/**
 * Where what a task did is kept: with the run, for a session that goes on with it; beside the runs of the directory;
 * or for all directories of the user.
 */
export type MemoScope = "run" | "directory" | "shared";

/** How what a task did may be used again. What is absent is as the agent says, else as the run says. */
export interface MemoRule {
  readonly scope?: MemoScope;
  /** How long it may be used, in ms; 0 for ever. */
  readonly ttlMs?: number;
}

export const MEMO_SCOPES: readonly MemoScope[] = ["run", "directory", "shared"];

/** What `memo` must be, in words that follow "Expected `memo` to be". */
export const MEMO_EXPECTED =
  'true, false or { scope: "run" | "directory" | "shared", ttlMs }, with ttlMs a time of at least 0 ms';

/** Tells whether a value is what `memo` may be. */
export function isMemo(value: unknown): value is boolean | MemoRule {
  if (typeof value === "boolean") return true;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { scope, ttlMs, ...others } = value as Readonly<Record<string, unknown>>;
  if (Object.keys(others).length > 0) return false;
  if (scope !== undefined && !MEMO_SCOPES.includes(scope as MemoScope)) return false;
  return ttlMs === undefined || (typeof ttlMs === "number" && ttlMs >= 0 && ttlMs <= Number.MAX_SAFE_INTEGER);
}
