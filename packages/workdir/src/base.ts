import { constants, copyFileSync, linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FileStat } from "./file-stat.ts";
import { pathParts } from "./relative-path.ts";
import { type Found, type ScanOptions, scan } from "./scan.ts";
import type { Entry, Tree } from "./tree.ts";

/** The shared directory as it was when the run began. */
export interface Base {
  readonly tree: Tree;
  /** State of every live file, link and folder by path, to notice changes from outside. */
  readonly live: Map<string, FileStat>;
  readonly files: number;
  /** How the bytes were frozen: "links" where that was possible for every file. */
  readonly how: "links" | "copies" | "links and copies";
}

interface GrowingDir {
  readonly kind: "dir";
  readonly mode: number;
  readonly children: Map<string, Entry>;
}

// A hard link keeps the bytes when somebody replaces or deletes the live file; an edit in place shows through, and
// is noticed by its time when the bytes are used.
function freeze(from: string, to: string): "link" | "copy" {
  try {
    linkSync(from, to);
    return "link";
  } catch {
    // Another file system, too many links, or a file that the system does not let us link: a copy serves as well.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    return "copy";
  }
}

function insert(root: GrowingDir, found: Found, contentPath: string): void {
  const parts = pathParts(found.path);
  let dir = root;
  for (const part of parts.slice(0, -1)) dir = dir.children.get(part) as GrowingDir;
  dir.children.set(parts.at(-1)!, entryOf(found, contentPath));
}

function entryOf(found: Found, contentPath: string): Entry {
  const { stat } = found;
  switch (found.kind) {
    case "dir":
      return { kind: "dir", mode: stat.mode, children: new Map() };
    case "link":
      return { kind: "link", target: found.target };
    case "frozen":
      return { kind: "frozen", target: found.target };
    case "file":
      return {
        kind: "file",
        mode: stat.mode,
        content: { path: contentPath, size: stat.size, mtimeNs: stat.mtimeNs, hash: undefined },
      };
    default:
      return found satisfies never;
  }
}

/**
 * Freezes a directory: notes what there is and keeps every file's bytes below `store`.
 *
 * @throws SheafError DIR_UNUSABLE when something in it cannot be read.
 */
export async function freezeBase(dir: string, store: string, options: ScanOptions): Promise<Base> {
  const root: GrowingDir = { kind: "dir", mode: 0o755, children: new Map() };
  const live = new Map<string, FileStat>();
  const ways = new Set<"link" | "copy">();
  let files = 0;
  mkdirSync(store, { recursive: true });
  for await (const found of scan(dir, options)) {
    const kept = join(store, found.path);
    if (found.kind === "dir") mkdirSync(kept);
    if (found.kind === "file") {
      ways.add(freeze(join(dir, found.path), kept));
      files += 1;
    }
    insert(root, found, kept);
    live.set(found.path, found.stat);
  }
  const how = ways.size === 2 ? "links and copies" : ways.has("copy") ? "copies" : "links";
  return { tree: root, live, files, how };
}
