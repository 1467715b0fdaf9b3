import { type BigIntStats, lstatSync } from "node:fs";

/** What tells one state of a file from another without reading it. */
export interface FileStat {
  readonly ino: bigint;
  readonly size: number;
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** Permission bits, setuid, setgid and sticky included. */
const MODE_BITS = 0o7777;

/** Picks out of a stat what `FileStat` keeps. */
export function fileStat(stat: BigIntStats): FileStat {
  return {
    ino: stat.ino,
    size: Number(stat.size),
    mode: Number(stat.mode) & MODE_BITS,
    mtimeNs: stat.mtimeNs,
    ctimeNs: stat.ctimeNs,
  };
}

/** Returns the stat of a path, links not followed; `undefined` when there is nothing. */
export function statOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Tells whether a file is in the state that was noted. A link made to it elsewhere moves its ctime and is no change. */
export function unchanged(now: FileStat, noted: FileStat): boolean {
  return (
    now.ino === noted.ino &&
    now.size === noted.size &&
    now.mtimeNs === noted.mtimeNs &&
    now.mode === noted.mode
  );
}

/** Returns a time in ns since 1970 as file times are set: in seconds, to the microsecond. */
export const toDate = (ns: bigint): number => Number(ns / 1_000n) / 1e6;
