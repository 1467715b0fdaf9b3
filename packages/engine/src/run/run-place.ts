import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunPlace } from "./world.ts";

/** A run's folder, or one outside of any shared directory that is made when first needed and removed at the end. */
export class RunFolder implements RunPlace {
  #dir: string | null;
  #temporary: string | null = null;

  constructor(dir: string | null) {
    this.#dir = dir;
    if (dir !== null) mkdirSync(dir, { recursive: true });
  }

  get dir(): string | null {
    return this.#dir;
  }

  /** The folder, if it outlives the run. */
  get kept(): string | null {
    return this.#temporary === null ? this.#dir : null;
  }

  require(): string {
    if (this.#dir === null) {
      this.#temporary = mkdtempSync(join(tmpdir(), "sheaf-"));
      this.#dir = this.#temporary;
    }
    return this.#dir;
  }

  makeBeside(folder: string, attempt: number): string {
    const path = join(this.require(), "tasks", folder, `attempt-${attempt}`);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Removes the folder if it was a temporary one. */
  close(): void {
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true });
  }
}

/** Name of a task's folder: unique and in order, whatever the file system thinks of upper and lower case. */
export function taskFolder(task: number, id: string): string {
  return `${String(task + 1).padStart(4, "0")}-${id}`;
}
