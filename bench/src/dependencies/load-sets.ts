import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { BadInput } from "../bad-input.ts";
import type { KnownList } from "./known-list.ts";
import { parseList } from "./parse-list.ts";

const ENDING = ".jsonl";

/** Lists of one origin. */
export interface DependencySet {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly lists: readonly KnownList[];
}

/**
 * Reads sets, a list in each line: one file, or all `.jsonl` files of a folder, in order of name. `note` is told what
 * is wrong with true edges and was left out.
 *
 * @throws BadInput, with file and line
 */
export function loadSets(path: string, note: (sentence: string) => void): readonly DependencySet[] {
  return filesAt(path).map((file) => {
    const lines = textOf(file)
      .replace(/^\uFEFF/, "")
      .split("\n");
    const lists = lines.flatMap((line, i) => {
      if (line.trim() === "") return [];
      const list = listAt(`${file}: line ${i + 1}`, line);
      for (const fault of list.faults) note(`${file}: line ${i + 1}: ${fault}.`);
      return [list];
    });
    if (lists.length === 0) throw new BadInput(`${file}: expected a list in each line, got an empty file`);
    return { name: basename(file, ENDING), lists };
  });
}

function listAt(place: string, line: string): KnownList {
  try {
    return parseList(line);
  } catch (error) {
    if (error instanceof BadInput) throw new BadInput(`${place}: ${error.message}`);
    throw error;
  }
}

function filesAt(path: string): readonly string[] {
  if (!isFolder(path)) return [path];
  const names = readdirSync(path).filter((name) => name.endsWith(ENDING));
  if (names.length === 0) throw new BadInput(`${path}: expected ${ENDING} files in this folder, found none`);
  return names.sort().map((name) => join(path, name));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): BadInput {
  const { code } = error as NodeJS.ErrnoException;
  return new BadInput(
    code === "ENOENT" ? `${path}: there is no such file or folder` : `${path}: cannot be read (${code})`,
  );
}
