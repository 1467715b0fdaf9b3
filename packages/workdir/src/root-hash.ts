// One hash for a whole tree: two directories with the same names, types, modes, links and bytes have the same.
import { createHash } from "node:crypto";
import { contentHash } from "./content-hash.ts";
import { slices } from "./in-slices.ts";
import { checkStill } from "./stage.ts";
import type { DirEntry, Entry, Tree } from "./tree.ts";

const sha256 = (bytes: string): string => createHash("sha256").update(bytes).digest("hex");

const inBytes = ([a]: readonly [string, Entry], [b]: readonly [string, Entry]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * The hashes of trees. Trees share what did not change, so the hash of the next one costs what did; the first one
 * costs reading every file once.
 *
 * A folder's hash is the sha256, in hex, of one line for each entry, sorted by the bytes of their names:
 *
 *     file <mode in octal> <sha256 of the bytes> <name>\0
 *     dir <mode in octal> <hash of the folder> <name>\0
 *     link - <sha256 of the target> <name>\0
 *     frozen - - <name>\0
 *
 * The mode of the directory itself does not count, nor does what lies in frozen folders.
 */
export class RootHashes {
  readonly #known = new WeakMap<DirEntry, string>();

  /** @throws SheafError CHANGED_OUTSIDE when a file was edited in place by somebody else. */
  async of(tree: Tree): Promise<string> {
    return this.#folder(tree, slices());
  }

  async #folder(dir: DirEntry, pause: ReturnType<typeof slices>): Promise<string> {
    const known = this.#known.get(dir);
    if (known !== undefined) return known;
    let text = "";
    for (const [name, entry] of [...dir.children].sort(inBytes)) {
      text += `${await this.#entry(entry, pause)} ${name}\0`;
      const wait = pause();
      if (wait !== undefined) await wait;
    }
    const hash = sha256(text);
    this.#known.set(dir, hash);
    return hash;
  }

  async #entry(entry: Entry, pause: ReturnType<typeof slices>): Promise<string> {
    switch (entry.kind) {
      case "file":
        checkStill(entry.content);
        return `file ${entry.mode.toString(8)} ${await contentHash(entry.content)}`;
      case "dir":
        return `dir ${entry.mode.toString(8)} ${await this.#folder(entry, pause)}`;
      case "link":
        return `link - ${sha256(entry.target)}`;
      case "frozen":
        return "frozen - -";
      default:
        return entry satisfies never;
    }
  }
}
