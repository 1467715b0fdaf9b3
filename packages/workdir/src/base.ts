import {
  type BigIntStats,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  realpathSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type FileStat, statOf, toDate } from "./file-stat.ts";
import { frozenState } from "./frozen-state.ts";
import { canCopyUp } from "./overlay/lower-owner.ts";
import { pathParts } from "./relative-path.ts";
import { type Found, type ScanOptions, scan } from "./scan.ts";
import { standInFor } from "./stand-in.ts";
import type { Content, Entry, FrozenEntry, Tree } from "./tree.ts";
import type { Visible } from "./visible.ts";

/** The shared directory as it was when the run began. */
export interface Base {
  readonly tree: Tree;
  /** State of every live file, link and folder by path, to notice changes from outside. */
  readonly live: Map<string, FileStat>;
  readonly files: number;
  /** How the bytes were frozen: "links" where that was possible for every file. */
  readonly how: "links" | "copies" | "links and copies";
  /** A file that was frozen by a link and is another user's or group's, or null. */
  readonly foreign: string | null;
}

type Kept = Pick<Content, "path" | "live" | "mtimeNs">;

interface GrowingDir {
  readonly kind: "dir";
  readonly mode: number;
  readonly children: Map<string, Entry>;
}

interface Frozen {
  readonly how: "link" | "copy";
  /** Time of the bytes that were kept, in ns; that of a copy is near the original's, as no finer time can be set. */
  readonly mtimeNs: bigint;
}

// A hard link keeps the bytes when somebody replaces or deletes the live file; an edit in place shows through, and
// is noticed by its time when the bytes are used.
function freeze(from: string, to: string, mtimeNs: bigint): Frozen {
  try {
    linkSync(from, to);
    return { how: "link", mtimeNs };
  } catch {
    // Another file system, too many links, or a file that the system does not let us link: a copy serves as well.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    // Edited meanwhile: with the old time that is noticed when the bytes are used.
    if (statOf(from)?.mtimeNs !== mtimeNs) return { how: "copy", mtimeNs };
    const time = toDate(mtimeNs);
    utimesSync(to, time, time);
    return { how: "copy", mtimeNs: statOf(to)!.mtimeNs };
  }
}

function insert(root: GrowingDir, path: string, entry: Entry): void {
  const parts = pathParts(path);
  let dir = root;
  for (const part of parts.slice(0, -1)) dir = dir.children.get(part) as GrowingDir;
  dir.children.set(parts.at(-1)!, entry);
}

function entryOf(found: Exclude<Found, { kind: "frozen" }>, content: Kept): Entry {
  const { stat } = found;
  switch (found.kind) {
    case "dir":
      return { kind: "dir", mode: stat.mode, children: new Map() };
    case "link":
      return { kind: "link", target: found.target };
    case "file":
      return {
        kind: "file",
        mode: stat.mode,
        content: { ...content, size: stat.size, hash: undefined },
      };
    default:
      return found satisfies never;
  }
}

/** Keeps the bytes of a live file below the base before the file is replaced or removed. */
export function putAside(content: Content, store: string, path: string): void {
  if (!content.live) return;
  const kept = join(store, path);
  mkdirSync(dirname(kept), { recursive: true });
  content.mtimeNs = freeze(content.path, kept, content.mtimeNs).mtimeNs;
  content.path = kept;
  content.live = false;
}

/**
 * Freezes a directory: notes what there is and keeps below `store` the bytes of every file that `shown` shows. The
 * others stay where they are until the run replaces them.
 *
 * @throws SheafError DIR_UNUSABLE when something in it cannot be read.
 */
export async function freezeBase(
  dir: string,
  store: string,
  options: ScanOptions & { readonly shown: Visible },
): Promise<Base> {
  const root: GrowingDir = { kind: "dir", mode: 0o755, children: new Map() };
  const states = new Map<string, FileStat>();
  const ways = new Set<"link" | "copy">();
  const realRoot = realpathSync(dir);
  let files = 0;
  let isOwn = true;
  let foreign: string | null = null;
  const onStat = ({ uid, gid }: BigIntStats): void => {
    isOwn = canCopyUp({ uid: Number(uid), gid: Number(gid) });
  };
  const { frozen = null, signal } = options;
  const frozenEntry = async ({ path, target }: { path: string; target: string }): Promise<FrozenEntry> => {
    const standIn = await standInFor({ root: realRoot, path, target, frozen: frozen!, signal });
    return { kind: "frozen", target, standIn, state: frozenState(target) };
  };
  mkdirSync(store, { recursive: true });
  for await (const found of scan(dir, { ...options, onStat })) {
    const kept = join(store, found.path);
    const live = join(dir, found.path);
    const keeps = options.shown.shown(found.path) === "all";
    let { mtimeNs } = found.stat;
    if (found.kind === "file") {
      files += 1;
      if (keeps) {
        mkdirSync(dirname(kept), { recursive: true });
        const frozen = freeze(live, kept, mtimeNs);
        ways.add(frozen.how);
        mtimeNs = frozen.mtimeNs;
        if (!isOwn && frozen.how === "link") foreign ??= found.path;
      }
    }
    const content = { path: keeps ? kept : live, live: !keeps, mtimeNs };
    insert(root, found.path, found.kind === "frozen" ? await frozenEntry(found) : entryOf(found, content));
    states.set(found.path, found.stat);
  }
  const how = ways.size === 2 ? "links and copies" : ways.has("copy") ? "copies" : "links";
  return { tree: root, live: states, files, how, foreign };
}
