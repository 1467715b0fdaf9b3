import { type BigIntStats, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { SheafError } from "@sheaf/core";
import { type FileStat, fileStat, statOf } from "./file-stat.ts";
import { slices } from "./in-slices.ts";
import { joinPath, STATE_FOLDER } from "./relative-path.ts";
import type { Visible } from "./visible.ts";

/** What stands at one path of a directory on disk. Sockets, pipes and devices are no entries. */
export type Found =
  | { readonly kind: "file"; readonly path: string; readonly stat: FileStat }
  | { readonly kind: "link"; readonly path: string; readonly target: string; readonly stat: FileStat }
  | { readonly kind: "dir"; readonly path: string; readonly stat: FileStat }
  | { readonly kind: "frozen"; readonly path: string; readonly target: string; readonly stat: FileStat };

// A name that is no UTF-8 comes back with this in place of its bytes and could not be opened again.
const UNREADABLE = "\uFFFD";

function frozenTarget(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() ? realpathSync(path) : undefined;
}

export interface ScanOptions {
  /** Folders, or links to folders, that are reported as one entry and not entered. */
  readonly frozen?: Visible | null;
  /** Called with the full path of every state folder, which is left out. */
  readonly onState?: (folder: string) => void;
  /** Called with the stat of each entry just before it is reported. */
  readonly onStat?: (stat: BigIntStats) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists a directory and all below it, parents before children, state folders left out.
 *
 * @throws SheafError DIR_UNUSABLE naming the folder that cannot be read, or the name or link that is no UTF-8.
 */
export async function* scan(root: string, options: ScanOptions = {}): AsyncGenerator<Found, void, undefined> {
  const { frozen, onState, onStat } = options;
  const pause = slices(options.signal);
  const folders: string[] = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of namesIn(root, folder)) {
      const path = joinPath(folder, name);
      const full = join(root, path);
      if (name === STATE_FOLDER) {
        onState?.(full);
        continue;
      }
      const stat = statIn(root, folder, name);
      if (stat === undefined) continue; // gone since the folder was listed
      onStat?.(stat);
      const target = frozen?.shown(path) === "all" ? frozenTarget(full) : undefined;
      if (target !== undefined) yield { kind: "frozen", path, target, stat: fileStat(stat) };
      else if (stat.isDirectory()) {
        yield { kind: "dir", path, stat: fileStat(stat) };
        folders.push(path);
      } else if (stat.isSymbolicLink()) {
        yield { kind: "link", path, target: linkTarget(root, path), stat: fileStat(stat) };
      } else if (stat.isFile()) yield { kind: "file", path, stat: fileStat(stat) };
      const wait = pause();
      if (wait !== undefined) await wait;
    }
  }
}

// Who may list a folder and not enter it may not look at what is in it.
function statIn(root: string, folder: string, name: string): BigIntStats | undefined {
  try {
    return statOf(join(root, folder, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unusable(root, `${join(root, folder)} cannot be entered (${code})`, error);
  }
}

function namesIn(root: string, folder: string): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(join(root, folder));
  } catch (error) {
    throw unusable(
      root,
      `${join(root, folder)} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      error,
    );
  }
  const bad = names.find((name) => name.includes(UNREADABLE));
  if (bad !== undefined) throw unusable(root, `it holds a name that is no UTF-8: ${joinPath(folder, bad)}`);
  return names.sort();
}

/**
 * Returns where a link leads.
 *
 * @throws SheafError DIR_UNUSABLE when that is no UTF-8: the link could not be made again.
 */
export function linkTarget(root: string, path: string): string {
  const target = readlinkSync(join(root, path));
  if (!target.includes(UNREADABLE)) return target;
  throw unusable(root, `it holds a link whose target is no UTF-8: ${path}`);
}

/** Returns the error for a directory that cannot be worked with. */
export function unusable(dir: string, problem: string, cause?: unknown): SheafError<"DIR_UNUSABLE"> {
  return new SheafError("DIR_UNUSABLE", { dir, problem }, cause === undefined ? undefined : { cause });
}
