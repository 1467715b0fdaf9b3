import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const FOLDERS = 100;
const FILE_BYTES = 1_024;

/** Path of one file of the tree, in one of its folders. */
export const samplePath = (i: number): string => `folder-${i % FOLDERS}/file-${i}.txt`;

/** Makes so many files of 1 KiB, all different, in 100 folders. */
export function makeSampleTree(dir: string, files: number): void {
  for (let i = 0; i < FOLDERS; i++) mkdirSync(join(dir, `folder-${i}`), { recursive: true });
  for (let i = 0; i < files; i++) writeFileSync(join(dir, samplePath(i)), `${i}\n`.padEnd(FILE_BYTES, "x"));
}
