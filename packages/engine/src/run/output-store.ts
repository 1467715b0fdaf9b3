import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AttemptInputs, dataHash, type TaskId } from "@sheaf/core";
import { ORDER_FILE, outputFile } from "../executor/output-files.ts";

interface Output {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/**
 * The outputs of tasks that have finished, by position in serial order. With a folder they are kept there too, for
 * workers and for later; files are replaced as a whole, so a reader sees all of an output or none.
 */
export class OutputStore {
  readonly #order: readonly TaskId[];
  readonly #position: ReadonlyMap<string, number>;
  readonly #outputs = new Map<number, Output>();
  #folder: string | null = null;

  constructor(order: readonly TaskId[]) {
    this.#order = order;
    this.#position = new Map(order.map((id, i) => [id, i]));
  }

  /** Keeps outputs in this folder from now on, those there are already included. */
  keepIn(folder: string): void {
    if (this.#folder !== null) return;
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    writeFileSync(join(folder, ORDER_FILE), JSON.stringify(this.#order));
    for (const task of this.#outputs.keys()) this.#write(task);
  }

  /** @throws what the file system says when the folder cannot be written; the task then has no output. */
  set(task: number, bytes: Uint8Array): void {
    this.#outputs.set(task, { bytes, hash: dataHash(bytes) });
    try {
      this.#write(task);
    } catch (error) {
      this.#outputs.delete(task);
      throw error;
    }
  }

  delete(task: number): void {
    if (!this.#outputs.delete(task) || this.#folder === null) return;
    try {
      rmSync(join(this.#folder, outputFile(this.#order[task]!)), { force: true });
    } catch {
      // Whoever takes it from the folder all the same took something else, which shows when it is settled.
    }
  }

  /** Paths of what keeps a task's output on the disk; none where nothing does. */
  pathsOf(task: number): readonly string[] {
    if (this.#folder === null) return [];
    return [join(this.#folder, outputFile(this.#order[task]!)), this.#folder];
  }

  bytes(task: number): Uint8Array | undefined {
    return this.#outputs.get(task)?.bytes;
  }

  /** Hash of a task's output, or null when it has none. */
  hash(id: string): string | null {
    const task = this.#position.get(id);
    return task === undefined ? null : (this.#outputs.get(task)?.hash ?? null);
  }

  position(id: string): number | undefined {
    return this.#position.get(id);
  }

  /** What a task may take; `likely` are the ids that will be sent along with it. */
  inputsFor(task: number, likely: readonly string[]): AttemptInputs {
    const before = (id: string): number | undefined => {
      const position = this.#position.get(id);
      return position !== undefined && position < task ? position : undefined;
    };
    return {
      isBefore: (id) => before(id) !== undefined,
      before: () => this.#order.slice(0, task),
      output: (id) => {
        const position = before(id);
        return position === undefined ? undefined : this.#outputs.get(position)?.bytes;
      },
      likely,
      folder: this.#folder,
    };
  }

  #write(task: number): void {
    if (this.#folder === null) return;
    const path = join(this.#folder, outputFile(this.#order[task]!));
    writeFileSync(`${path}.new`, this.#outputs.get(task)!.bytes);
    renameSync(`${path}.new`, path);
  }
}
