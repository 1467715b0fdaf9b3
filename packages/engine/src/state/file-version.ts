import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import type { KeptChange } from "@sheaf/workdir";

/** What was, or is, at a path. */
export type FileVersion =
  | {
      readonly kind: "file";
      /** Permission bits. */
      readonly mode: number;
      readonly size: number;
      /** Absolute path where the bytes were put. */
      readonly path: string;
      /** In ns since 1970. */
      readonly mtimeNs: bigint;
      /** sha256 in hex, where it is known. */
      readonly hash: string | null;
    }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "folder"; readonly mode: number };

/** Returns what a change leaves at its path, or null for nothing. */
export function versionAfter(change: KeptChange): FileVersion | null {
  switch (change.op) {
    case "put": {
      const { entry } = change;
      if (entry.kind === "link") return { kind: "link", target: entry.target };
      const { mode, size, path, mtimeNs, hash } = entry;
      return { kind: "file", mode, size, path, mtimeNs: BigInt(mtimeNs), hash };
    }
    case "mkdir":
    case "chmod":
      return { kind: "folder", mode: change.mode };
    case "remove":
    case "rmdir":
      return null;
    default:
      return change satisfies never;
  }
}

/** Returns what lies at an absolute path now, links not followed, or null. */
export function versionAt(path: string): FileVersion | null {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return null;
  const mode = Number(stat.mode) & 0o7777;
  if (stat.isSymbolicLink()) return { kind: "link", target: readlinkSync(path) };
  if (stat.isDirectory()) return { kind: "folder", mode };
  return { kind: "file", mode, size: Number(stat.size), path, mtimeNs: stat.mtimeNs, hash: null };
}

/**
 * Returns the bytes of a file's version, or null when they are gone. They may lie where they were put, or in the live
 * file, as long as that is still the one that was published.
 */
export function bytesOf(version: FileVersion & { readonly kind: "file" }, live: string): Buffer | null {
  return bytesAt(version, version.path) ?? bytesAt(version, live);
}

function bytesAt(version: FileVersion & { readonly kind: "file" }, path: string): Buffer | null {
  try {
    const stat = lstatSync(path, { bigint: true });
    if (!stat.isFile() || Number(stat.size) !== version.size) return null;
    const bytes = readFileSync(path);
    const same = stat.mtimeNs === version.mtimeNs || sha256(bytes) === version.hash;
    return same ? bytes : null;
  } catch {
    return null; // gone, or not for this user to read
  }
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
