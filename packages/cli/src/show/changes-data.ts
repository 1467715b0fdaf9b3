import { join } from "node:path";
import {
  bytesOf,
  type FileVersion,
  type PathChange,
  type RunChanges,
  type RunConflict,
  type TaskChanges,
} from "@sheaf/engine";
import { type FileDiff, fileDiff, loadCompare } from "./file-diff.ts";

/** One path that a task wrote, as data. */
export interface ShownChange {
  readonly sign: PathChange["sign"];
  readonly path: string;
  readonly before: ShownVersion | null;
  readonly after: ShownVersion | null;
  /** Null where no bytes differ, or where only the path is known. */
  readonly diff: FileDiff | null;
}

/** What was at a path. */
export interface ShownVersion {
  readonly kind: FileVersion["kind"];
  /** Permission bits in octal; null of a link. */
  readonly mode: string | null;
  /** In bytes; null unless it is a file. */
  readonly size: number | null;
  /** Of a link. */
  readonly target: string | null;
}

export interface ShownTask extends Omit<TaskChanges, "changes"> {
  readonly changes: readonly ShownChange[];
}

/** What `sheaf diff` shows. */
export interface ShownChanges {
  readonly tasks: readonly ShownTask[];
  readonly conflicts: readonly RunConflict[];
}

const NOTHING = Buffer.alloc(0);

/** Compares what tasks left with what they had found. */
export async function changesData({ dir, tasks, conflicts }: RunChanges): Promise<ShownChanges> {
  const compare = await loadCompare();
  const shown = (change: PathChange): ShownChange => {
    const { sign, path, before, after } = change;
    const bytes = (version: FileVersion | null | undefined): Buffer | null =>
      version?.kind === "file" ? bytesOf(version, join(dir ?? "", path)) : NOTHING;
    const files = [before, after].some((version) => version?.kind === "file");
    const known = before !== undefined && after !== undefined;
    const diff = files && known ? fileDiff(bytes(before), bytes(after), compare) : null;
    return { sign, path, before: shownVersion(before), after: shownVersion(after), diff };
  };
  return { tasks: tasks.map((task) => ({ ...task, changes: task.changes.map(shown) })), conflicts };
}

function shownVersion(version: FileVersion | null | undefined): ShownVersion | null {
  if (version === null || version === undefined) return null;
  const mode = version.kind === "link" ? null : version.mode.toString(8).padStart(3, "0");
  return {
    kind: version.kind,
    mode,
    size: version.kind === "file" ? version.size : null,
    target: version.kind === "link" ? version.target : null,
  };
}
