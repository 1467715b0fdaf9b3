import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type FileStat, statOf, unchanged } from "./file-stat.ts";
import { slices } from "./in-slices.ts";
import type { Live } from "./live-files.ts";
import { scan } from "./scan.ts";
import { isToolCache } from "./stand-in.ts";
import { frozenIn, type Tree } from "./tree.ts";
import type { Visible } from "./visible.ts";

/** Most paths that are named. */
const MOST = 100;

/** Compares the live directory with the state in which the run left it, and looks for writes to frozen folders. */
export async function verifyLive(check: {
  readonly live: Live;
  readonly tree: Tree;
  readonly frozen: Visible;
  /** Start of the run by the clock of the file system, in ns since 1970. */
  readonly sinceNs: bigint;
}): Promise<{ readonly outside: readonly string[]; readonly frozen: readonly string[] }> {
  const { live } = check;
  const outside: string[] = [];
  const missing = new Set(live.stats.keys());
  for await (const found of scan(live.dir, { frozen: check.frozen })) {
    missing.delete(found.path);
    const noted = live.stats.get(found.path);
    if (!sameState(found.kind, found.stat, noted)) outside.push(found.path);
  }
  const written: string[] = [];
  for (const folder of frozenIn(check.tree)) await findWritten(folder, check.sinceNs, written);
  return { outside: [...outside, ...missing].slice(0, MOST), frozen: written.slice(0, MOST) };
}

function sameState(kind: string, now: FileStat, noted: FileStat | undefined): boolean {
  if (noted === undefined) return false;
  if (kind === "frozen") return true;
  return kind === "dir" ? now.mode === noted.mode : unchanged(now, noted);
}

// A write moves the time of the file, a new or removed name that of its folder.
async function findWritten(
  folder: { readonly path: string; readonly target: string },
  sinceNs: bigint,
  found: string[],
): Promise<void> {
  const pause = slices();
  const open = [{ full: folder.target, path: folder.path }];
  for (let at = open.pop(); at !== undefined && found.length < MOST; at = open.pop()) {
    const stat = statOf(at.full);
    if (stat === undefined || stat.isSymbolicLink()) continue;
    if (stat.mtimeNs > sinceNs && at.full !== folder.target) found.push(at.path);
    if (stat.isDirectory()) {
      for (const name of readdirSync(at.full)) {
        if (at.full === folder.target && isToolCache(name)) continue;
        open.push({ full: join(at.full, name), path: `${at.path}/${name}` });
      }
    }
    const wait = pause();
    if (wait !== undefined) await wait;
  }
}
