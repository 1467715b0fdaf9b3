// The packages that an installed checkout holds, as the steps of the audit read them.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface PackageEntry {
  /** Name and version, for example "zod@4.6.7". */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Folder below node_modules. */
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
  /** Which of the measuring steps takes it, from 1. */
  readonly shard: number;
}

/** How many steps share the measuring. */
export const SHARDS = 4;

export const readJson = <T>(dir: string, path: string): T =>
  JSON.parse(readFileSync(join(dir, path), "utf8")) as T;

/** Calls `visit` for every file of a package in order of path; packages nested in it are packages of their own. */
export function eachFile(
  folder: string,
  visit: (path: string, full: string, bytes: number) => void,
  below = "",
): void {
  for (const name of readdirSync(join(folder, below)).sort()) {
    if (name === "node_modules") continue;
    const path = below === "" ? name : `${below}/${name}`;
    const full = join(folder, path);
    const stat = lstatSync(full);
    if (stat.isDirectory()) eachFile(folder, visit, path);
    else if (stat.isFile()) visit(path, full, stat.size);
  }
}

// In a store of pnpm every package lies once in .pnpm/<name@version>/node_modules/<name>; what lies beside it there
// are links to others.
function packageFolders(root: string): string[] {
  const found: string[] = [];
  const store = join(root, ".pnpm");
  for (const entry of readdirSync(store).sort()) {
    const modules = join(store, entry, "node_modules");
    let names: string[];
    try {
      names = readdirSync(modules).sort();
    } catch {
      continue; // a file of the store's own
    }
    for (const name of names) {
      const scoped = name.startsWith("@")
        ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`)
        : [name];
      for (const each of scoped) {
        if (each.startsWith(".") || lstatSync(join(modules, each)).isSymbolicLink()) continue;
        found.push(`.pnpm/${entry}/node_modules/${each}`);
      }
    }
  }
  return found;
}

/** Lists all packages below a node_modules folder and shares them out so that each shard has about as many bytes. */
export function listPackages(root: string): readonly PackageEntry[] {
  const packages = packageFolders(root).flatMap((path) => {
    let about: { name?: string; version?: string };
    try {
      about = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
    } catch {
      return []; // a folder without a manifest is no package
    }
    let files = 0;
    let bytes = 0;
    eachFile(join(root, path), (_path, _full, size) => {
      files += 1;
      bytes += size;
    });
    const { name = path, version = "0.0.0" } = about;
    return [{ id: `${name}@${version}`, name, version, path, files, bytes }];
  });
  // The largest first, each to the shard that has the least so far.
  const load = new Array<number>(SHARDS).fill(0);
  const shardOf = new Map<string, number>();
  for (const each of [...packages].sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))) {
    const least = load.indexOf(Math.min(...load));
    load[least]! += each.bytes;
    shardOf.set(each.path, least + 1);
  }
  return packages.map((each) => ({ ...each, shard: shardOf.get(each.path)! }));
}
