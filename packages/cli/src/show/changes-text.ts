import { nameSome } from "@sheaf/core";
import type { RunConflict, TaskReads } from "@sheaf/engine";
import { formatBytes } from "./bytes.ts";
import type { ShownChange, ShownChanges, ShownTask, ShownVersion } from "./changes-data.ts";
import type { FileDiff } from "./file-diff.ts";
import { type Palette, palette } from "./palette.ts";

const MOST_READS = 20;

/** Returns what tasks read and wrote, for people. */
export function changesText(
  { tasks, conflicts }: ShownChanges,
  options: { readonly color?: boolean } = {},
): string {
  const paint = palette(options);
  const parts = tasks.map((task) => taskLines(task, paint).join("\n"));
  if (conflicts.length > 0)
    parts.push([paint.strong("Conflicts"), ...conflicts.flatMap(conflictLines)].join("\n"));
  return parts.length === 0 ? "No task has had an attempt that ended." : parts.join("\n\n");
}

const STATES: { readonly [S in ShownTask["state"]]: string } = {
  committed: "committed",
  finished: "finished, not committed",
  dropped: "did not succeed; what it wrote was dropped",
};

function taskLines(task: ShownTask, paint: Palette): readonly string[] {
  const { taskId, attempt, state, reads, changes, pathsOnly } = task;
  const head = `${paint.strong(taskId)}  ${paint.faint(`attempt ${attempt}, ${STATES[state]}`)}`;
  const wrote = changes.flatMap((change) => changeLines(change, paint));
  const note = pathsOnly && changes.length > 0 ? ["  Only the paths are kept, the first hundred."] : [];
  return [
    head,
    `  read   ${sayReads(reads)}`,
    ...(wrote.length === 0 ? ["  wrote  nothing"] : wrote),
    ...note,
  ];
}

function sayReads(reads: TaskReads | null): string {
  if (reads === null) return "what it read was not kept";
  if ("observed" in reads) {
    const looks = reads.observed.map(({ kind, path }) => {
      const at = path === "" ? "." : path;
      return kind === "content" ? at : `${at} (${kind})`;
    });
    return sayList([...new Set(looks)]);
  }
  return reads.shown === "everything"
    ? "all that there was: it declares no reads"
    : sayList([...new Set(reads.shown)]);
}

const sayList = (items: readonly string[]): string =>
  items.length === 0 ? "nothing" : nameSome(items, MOST_READS);

function changeLines({ sign, path, before, after, diff }: ShownChange, paint: Palette): readonly string[] {
  const color = { "+": paint.good, "-": paint.bad, "~": paint.warn }[sign];
  const isFolder = (after ?? before)?.kind === "folder";
  const head = `  ${color(sign)} ${path}${isFolder ? "/" : ""}${sayVersions(before, after)}`;
  return [head, ...diffLines(diff, paint)];
}

function sayVersions(before: ShownVersion | null, after: ShownVersion | null): string {
  const sizes = [...new Set([before, after].map(sayVersion).filter((text) => text !== ""))].join(" -> ");
  const facts = [sizes, sayMode(before, after)].filter((text) => text !== "").join(", ");
  return facts === "" ? "" : `  ${facts}`;
}

function sayVersion(version: ShownVersion | null): string {
  if (version === null) return "";
  if (version.kind === "link") return `link to ${version.target}`;
  return version.kind === "file" ? formatBytes(version.size!) : "";
}

function sayMode(before: ShownVersion | null, after: ShownVersion | null): string {
  if (before?.kind !== after?.kind || before === null || before.mode === after?.mode) return "";
  return `mode ${before.mode} -> ${after?.mode}`;
}

const WHY: Readonly<Record<string, string>> = {
  gone: "its bytes are gone: what a run needs to go on is removed once it has succeeded",
  "not text": "not text",
  "too large": "too large to be compared here",
};

function diffLines(diff: FileDiff | null, paint: Palette): readonly string[] {
  if (diff === null) return [];
  if ("why" in diff) return [`      ${paint.faint(`(${WHY[diff.why]})`)}`];
  const lines = diff.lines.map((line) => `      ${paintOf(line, paint)(line)}`);
  return diff.more === 0 ? lines : [...lines, `      ${paint.faint(`and ${diff.more} more lines`)}`];
}

function paintOf(line: string, { good, bad, faint }: Palette): (text: string) => string {
  if (line.startsWith("+")) return good;
  if (line.startsWith("-")) return bad;
  return line.startsWith("@@") ? faint : (text) => text;
}

function conflictLines({ taskId, attempt, conflicts, rerun }: RunConflict): readonly string[] {
  const then = rerun === null ? "and did not run again" : `and ran again as attempt ${rerun}`;
  return conflicts.map(({ what, with: writer }) => {
    const by = writer === null ? "which is different now" : `which "${writer}" changed`;
    return `  ${taskId}  attempt ${attempt} had read ${what}, ${by}, ${then}`;
  });
}
