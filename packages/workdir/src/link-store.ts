import { linkSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { contentHash, fileHash } from "./content-hash.ts";
import { type FileStat, fileStat, statOf, unchanged } from "./file-stat.ts";
import { checkStill, copyContent, type LinkSource } from "./stage.ts";
import type { Content, FileEntry } from "./tree.ts";

interface Made {
  readonly path: string;
  readonly mode: number;
  /** State after the last link that was made or removed by us; whatever else moves its ctime was somebody's write. */
  stat: FileStat;
}

/**
 * Private copies that views of one run may hard-link to. They are never the user's own files, so a task that writes
 * through a link harms at most other views of the run; that is noticed by the file's state and undone by a fresh copy.
 */
export class LinkStore implements LinkSource {
  readonly #folder: string;
  readonly #made = new Map<Content, Made>();
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  link(entry: FileEntry, to: string): void {
    const made = this.#madeFor(entry);
    linkSync(made.path, to);
    made.stat = fileStat(statOf(made.path)!);
  }

  #madeFor(entry: FileEntry): Made {
    const known = this.#made.get(entry.content);
    if (known !== undefined && known.mode === entry.mode && this.#isUntouched(known)) return known;
    checkStill(entry.content);
    const path = join(this.#folder, String(this.#count++));
    copyContent(entry, path);
    const made = { path, mode: entry.mode, stat: fileStat(statOf(path)!) };
    this.#made.set(entry.content, made);
    return made;
  }

  #isUntouched({ path, stat }: Made): boolean {
    const now = statOf(path);
    if (now === undefined) return false;
    return unchanged(fileStat(now), stat) && now.ctimeNs === stat.ctimeNs;
  }

  /** Tells whether a link to a copy of this content still leads to its bytes. Reads them only if somebody touched it. */
  async isIntact({ content, mode }: FileEntry, link: string): Promise<boolean> {
    const now = statOf(link);
    if (now === undefined) return false;
    // It may be the copy before the last one, which was made anew because somebody had written there.
    const known = this.#made.get(content);
    const current = known?.stat.ino === now.ino ? known : undefined;
    if (current !== undefined && this.#isUntouched(current)) return true;
    if (fileStat(now).mode !== mode) return false;
    if ((await fileHash(link, Number(now.size))) !== (await contentHash(content))) return false;
    if (current !== undefined) current.stat = fileStat(now);
    return true;
  }

  /** Removes a link to the copy of this content. */
  unlink(content: Content, path: string): void {
    const known = this.#made.get(content);
    const mine = known !== undefined && this.#isUntouched(known);
    rmSync(path, { force: true });
    const now = mine ? statOf(known.path) : undefined;
    if (now !== undefined) known!.stat = fileStat(now);
  }

  /** Forgets the copy of this content: some view wrote through its link. */
  drop(content: Content): void {
    const known = this.#made.get(content);
    if (known === undefined) return;
    this.#made.delete(content);
    rmSync(known.path, { force: true });
  }
}
