import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type FileStat, fileStat, statOf, unchanged } from "./file-stat.ts";
import { checkStill, copyContent, type LinkSource } from "./stage.ts";
import type { Content, FileEntry } from "./tree.ts";

/**
 * Private copies that views of one run may hard-link to. They are never the user's own files, so a task that writes
 * through a link harms at most other views of the run; that is noticed by the file's state and undone by a fresh copy.
 */
export class LinkStore implements LinkSource {
  readonly #folder: string;
  readonly #made = new Map<
    Content,
    { readonly path: string; readonly mode: number; readonly stat: FileStat }
  >();
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  fileFor(entry: FileEntry): string {
    const known = this.#made.get(entry.content);
    if (known !== undefined && known.mode === entry.mode) {
      const now = statOf(known.path);
      if (now !== undefined && unchanged(fileStat(now), known.stat)) return known.path;
    }
    checkStill(entry.content);
    const path = join(this.#folder, String(this.#count++));
    copyContent(entry, path);
    this.#made.set(entry.content, { path, mode: entry.mode, stat: fileStat(statOf(path)!) });
    return path;
  }

  /** Forgets the copy of this content: some view wrote through its link. */
  drop(content: Content): void {
    const known = this.#made.get(content);
    if (known === undefined) return;
    this.#made.delete(content);
    rmSync(known.path, { force: true });
  }
}
