// What policies make of the conflicts of one set of effects.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Change, TaskChange } from "./change.ts";
import { sameEntry } from "./differences.ts";
import type { Effects } from "./effects.ts";
import { fileStat, statOf } from "./file-stat.ts";
import { mergeText } from "./merge-text.ts";
import type { Policies, Policy } from "./policies.ts";
import { fileEntry } from "./seal.ts";
import { checkStill } from "./stage.ts";
import { type Entry, type FileEntry, lookup, type Tree } from "./tree.ts";
import type { PathConflict, Validation } from "./workdir.ts";

/** Larger files are not merged, in bytes: comparing their lines takes too long. */
const MOST_MERGED_BYTES = 4 * 1024 * 1024;

export interface SettlingRequest {
  readonly effects: Effects;
  /** What is committed. */
  readonly tree: Tree;
  readonly policies: Policies;
  readonly lastWriter: (path: string) => string | null;
  /** Returns an absolute path, free for a merged file. */
  readonly place: () => string;
}

/** What became of one conflict. `dropped`: what the task did there is left out. */
type Settled =
  | { readonly policy: "same-content" | "take:later" | "fail" }
  | { readonly policy: "take:earlier"; readonly dropped: true }
  | { readonly policy: "merge:text"; readonly entry: FileEntry };

type OwnChange = Exclude<TaskChange, { readonly op: "mkdir" | "rmdir" | "chmod" }>;

/** Compares what was seen with what is committed and settles what policies let it settle. */
export async function settleConflicts(request: SettlingRequest): Promise<Validation> {
  const { effects, tree, lastWriter } = request;
  const own = new Map(effects.changes.flatMap((change) => (isOwn(change) ? [[change.path, change]] : [])));
  const settled = new Map<string, Settled>();
  const isSettled = async (path: string): Promise<boolean> => {
    if (settled.has(path) || madeByBoth(request, path)) return true;
    const change = own.get(path);
    const outcome = change === undefined ? null : await settle(request, change);
    if (outcome !== null) settled.set(path, outcome);
    return outcome !== null;
  };
  const differing = await effects.reads.differences(effects.snapshot, tree, isSettled);
  const at = (path: string): PathConflict => ({ path, with: lastWriter(path) });
  const paths = (wanted: (policy: Policy) => boolean): string[] =>
    [...settled].flatMap(([path, { policy }]) => (wanted(policy) ? [path] : []));
  const isMerge = (policy: Policy): boolean => policy === "merge:text" || policy.startsWith("take:");
  return {
    conflicts: [...effects.uncertain, ...differing].map(at),
    merges: paths(isMerge).map((path) => ({ ...at(path), policy: settled.get(path)!.policy })),
    forbidden: paths((policy) => policy === "fail").map(at),
    effects:
      paths(isMerge).length === 0 ? effects : { ...effects, changes: merged(effects.changes, settled) },
  };
}

const isOwn = (change: TaskChange): change is OwnChange =>
  change.op === "put" || change.op === "append" || change.op === "remove";

// A folder that only leads to what the task declares is made by whoever comes first: that an earlier task has made
// it meanwhile as well is nothing that this one depends on by its declaration.
function madeByBoth({ effects: { changes, reads }, tree }: SettlingRequest, path: string): boolean {
  if (reads.shown(path) !== "presence" || lookup(tree, path)?.kind !== "dir") return false;
  return changes.some((change) => change.op === "mkdir" && change.path === path);
}

async function settle(request: SettlingRequest, change: OwnChange): Promise<Settled | null> {
  const { effects, tree, policies } = request;
  const { path } = change;
  const theirs = lookup(tree, path);
  const policy = policies.of(path);
  switch (policy) {
    case "same-content":
      if (change.op !== "put" || effects.reads.mayHaveRead(path)) return null;
      return (await sameEntry(change.entry, theirs)) ? { policy } : null;
    case "merge:text": {
      const entry = change.op === "put" ? merge(request, change, theirs) : null;
      return entry === null ? null : { policy, entry };
    }
    case "take:earlier":
      return { policy, dropped: true };
    case "take:later":
    case "fail":
      return { policy };
    case "rerun":
    case "append":
    case "temp":
      return null;
    default:
      return policy satisfies never;
  }
}

function merge(
  { effects, place }: SettlingRequest,
  { path, entry: ours }: Change & { readonly op: "put" },
  theirs: Entry | undefined,
): FileEntry | null {
  const base = lookup(effects.snapshot, path);
  if (base?.kind !== "file" || theirs?.kind !== "file" || ours.kind !== "file") return null;
  const mode = mergedMode(base.mode, theirs.mode, ours.mode);
  const contents = [base, theirs, ours].map(({ content }) => content);
  if (mode === null || contents.some(({ size }) => size > MOST_MERGED_BYTES)) return null;
  for (const content of contents) checkStill(content);
  const [old, earlier, later] = contents.map((content) => readFileSync(content.path));
  const bytes = mergeText(old!, earlier!, later!);
  if (bytes === null) return null;
  const to = place();
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, bytes);
  return fileEntry({ ...fileStat(statOf(to)!), mode }, to);
}

function mergedMode(base: number, theirs: number, ours: number): number | null {
  if (ours === base || ours === theirs) return theirs;
  return theirs === base ? ours : null;
}

function merged(
  changes: readonly TaskChange[],
  settled: ReadonlyMap<string, Settled>,
): readonly TaskChange[] {
  return changes.flatMap((change): TaskChange[] => {
    const how = isOwn(change) ? settled.get(change.path) : undefined;
    if (how?.policy === "take:earlier") return [];
    return [how?.policy === "merge:text" ? { op: "put", path: change.path, entry: how.entry } : change];
  });
}
