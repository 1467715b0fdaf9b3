import type { StructuredPatchHunk } from "diff";

/** How two versions of a file differ: lines of a unified diff, or why there are none to show. */
export type FileDiff =
  | { readonly lines: readonly string[]; readonly more: number }
  | { readonly why: "not text" | "too large" | "gone" };

const MOST_LINES = 200;
const MOST_BYTES = 1024 * 1024;
/** Longest that one file is compared, in ms. */
const PATIENCE_MS = 2_000;

type Compare = (before: string, after: string) => readonly StructuredPatchHunk[] | undefined;

/** Loads what compares texts; few commands need it. */
export async function loadCompare(): Promise<Compare> {
  const { structuredPatch } = await import("diff");
  return (before, after) =>
    structuredPatch("", "", before, after, "", "", { context: 3, timeout: PATIENCE_MS })?.hunks;
}

/** Returns how two versions differ, at most 200 lines of it. Null: the bytes are gone. */
export function fileDiff(before: Buffer | null, after: Buffer | null, compare: Compare): FileDiff {
  if (before === null || after === null) return { why: "gone" };
  if (before.length > MOST_BYTES || after.length > MOST_BYTES) return { why: "too large" };
  const texts = [textOf(before), textOf(after)] as const;
  if (texts[0] === null || texts[1] === null) return { why: "not text" };
  const hunks = compare(texts[0], texts[1]);
  if (hunks === undefined) return { why: "too large" };
  const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${place(oldStart, oldLines)} +${place(newStart, newLines)} @@`,
    ...lines,
  ]);
  return { lines: lines.slice(0, MOST_LINES), more: Math.max(0, lines.length - MOST_LINES) };
}

// A hunk without lines stands after the line before it.
const place = (start: number, lines: number): string => `${lines === 0 ? start - 1 : start},${lines}`;

function textOf(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
