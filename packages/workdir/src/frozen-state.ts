// What lies in a frozen folder, as one value: who has looked into it has looked at this. Nobody changes it during a run,
// but between two runs, or two sessions of one, it may become another.
import { createHash } from "node:crypto";
import { type BigIntStats, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { statOf } from "./file-stat.ts";
import { slices } from "./in-slices.ts";
import { joinPath } from "./relative-path.ts";
import { isToolCache } from "./stand-in.ts";

/**
 * Returns a function that tells the state of a live folder, found out once: a hash of names, kinds, modes, sizes, times
 * of change and link targets, without what tools keep there as caches.
 */
export function frozenState(target: string): () => Promise<string> {
  let state: Promise<string> | null = null;
  return () => {
    state ??= stateOf(target);
    return state;
  };
}

async function stateOf(target: string): Promise<string> {
  const pause = slices();
  const hash = createHash("sha256");
  const open = [""];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const name of namesIn(join(target, folder))) {
      if (folder === "" && isToolCache(name)) continue;
      const path = joinPath(folder, name);
      const full = join(target, path);
      const stat = statOf(full);
      if (stat === undefined) continue;
      if (stat.isDirectory()) open.push(path);
      hash.update(`${path}\0${describe(full, stat)}\0`);
      const wait = pause();
      if (wait !== undefined) await wait;
    }
  }
  return hash.digest("hex");
}

function describe(full: string, stat: BigIntStats): string {
  if (stat.isDirectory()) return `dir ${stat.mode}`;
  if (stat.isSymbolicLink()) return `link ${readlinkSync(full)}`;
  return `${stat.mode} ${stat.size} ${stat.mtimeNs}`;
}

// What cannot be listed here cannot be looked at by a task either.
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
