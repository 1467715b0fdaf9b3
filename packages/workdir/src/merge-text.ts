import { diff3Merge } from "node-diff3";

/**
 * Merges two versions of a text that both come from a third, line by line. Lines may be in any encoding.
 *
 * @returns null where both changed the same lines, or lines side by side, and where one is no text
 */
export function mergeText(base: Buffer, theirs: Buffer, ours: Buffer): Buffer | null {
  if ([base, theirs, ours].some((bytes) => bytes.includes(0))) return null;
  const [a, o, b] = [theirs, base, ours].map((bytes) => bytes.toString("latin1").split("\n"));
  const merged: string[] = [];
  for (const { ok } of diff3Merge(a!, o!, b!, { excludeFalseConflicts: true })) {
    if (ok === undefined) return null;
    merged.push(...ok);
  }
  return Buffer.from(merged.join("\n"), "latin1");
}
