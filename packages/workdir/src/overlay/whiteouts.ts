import { execFile } from "node:child_process";
import { linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A file system lets one file have only so many names. */
const isFull = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EMLINK";

/**
 * Makes whiteouts: the character device 0:0, by which a layer says that nothing is there. Anybody may make one since
 * Linux 5.8. A program is started for the first only; the others are further names of it.
 */
export class Whiteouts {
  readonly #folder: string;
  #source: Promise<string> | null = null;
  #count = 0;

  /** @param folder for the first whiteout, on the file system of the layers */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(path: string): Promise<void> {
    try {
      linkSync(await this.#first(), path);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#source = null;
      linkSync(await this.#first(), path);
    }
  }

  #first(): Promise<string> {
    this.#source ??= this.#make();
    return this.#source;
  }

  async #make(): Promise<string> {
    mkdirSync(this.#folder, { recursive: true });
    const path = join(this.#folder, `whiteout-${++this.#count}`);
    try {
      await run("mknod", [path, "c", "0", "0"]);
    } catch (error) {
      this.#source = null;
      throw error;
    }
    return path;
  }
}
