// What tasks did in earlier runs, by what they were asked to do and with which code.
//
// Owns:     a folder of entries, and of the files' bytes by their hash.
// Does not: decide whether an entry fits; what it read and took decides that.
import { createHash, randomBytes } from "node:crypto";
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "@sheaf/core";
import type { KeptEffects } from "@sheaf/workdir";
import type { KeptExecution } from "./execution-store.ts";

/** Entries of one key that are kept, the latest ones. */
const MOST_ENTRIES = 8;

/** One execution that may be used again. */
export interface MemoEntry extends KeptExecution {
  /** What its model calls cost; null where that is not known. */
  readonly costUsd: number | null;
  /** When it was kept, in ms since 1970. */
  readonly keptAt: number;
}

export interface FoundMemo extends MemoEntry {
  readonly output: Uint8Array;
}

/** The memory of what tasks did, as a run uses it. */
export interface Memo {
  readonly store: MemoStore;
  /** Hash of the code of each module that does tasks, by URL; a module that is not here is not remembered. */
  readonly code: ReadonlyMap<string, string>;
}

type KeptChange = KeptEffects["changes"][number];

export class MemoStore {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #ttlMs: number;

  /** @param ttlMs how long an entry may be used, in ms; Infinity for ever */
  constructor(folder: string, { clock, ttlMs }: { readonly clock: Clock; readonly ttlMs: number }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  /** Returns what is kept under a key, the latest first. Damaged and outdated entries are passed over. */
  find(key: string): readonly FoundMemo[] {
    const folder = this.#entriesOf(key);
    return namesIn(folder).flatMap((name) => {
      try {
        const entry = JSON.parse(readFileSync(join(folder, name, "entry.json"), "utf8")) as MemoEntry;
        if (this.#clock.now() - entry.keptAt > this.#ttlMs) return [];
        if (entry.effects?.changes.some(isGone) === true) return [];
        return [{ ...entry, output: readFileSync(join(folder, name, "output")) }];
      } catch {
        return [];
      }
    });
  }

  /** Keeps an execution under a key, with copies of what it wrote. All of it is there at once. */
  keep(key: string, execution: Omit<MemoEntry, "keptAt">, output: Uint8Array): void {
    const folder = this.#entriesOf(key);
    const { effects } = execution;
    const changes = effects?.changes.map((change) => this.#keepBytes(change)) ?? [];
    const keptAt = this.#clock.now();
    const entry: MemoEntry = {
      ...execution,
      effects: effects === null ? null : { ...effects, changes },
      keptAt,
    };
    const name = `${String(Math.floor(keptAt)).padStart(15, "0")}-${randomBytes(3).toString("hex")}`;
    const making = join(folder, `.${name}`);
    mkdirSync(making, { recursive: true });
    writeFileSync(join(making, "output"), output);
    writeFileSync(join(making, "entry.json"), JSON.stringify(entry));
    renameSync(making, join(folder, name));
    for (const old of namesIn(folder).slice(MOST_ENTRIES)) rmSync(join(folder, old), { recursive: true });
  }

  #entriesOf(key: string): string {
    return join(this.#folder, "entries", key.slice(0, 2), key);
  }

  #keepBytes(change: KeptChange): KeptChange {
    if (!hasBytes(change)) return change;
    const { entry } = change;
    const hash = entry.hash ?? createHash("sha256").update(readFileSync(entry.path)).digest("hex");
    const path = join(this.#folder, "objects", hash.slice(0, 2), hash);
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true });
      const making = `${path}.${randomBytes(3).toString("hex")}`;
      copyFileSync(entry.path, making, constants.COPYFILE_FICLONE);
      renameSync(making, path);
    }
    return { ...change, entry: { ...entry, path, hash } };
  }
}

type ChangeWithBytes = Extract<KeptChange, { readonly entry: unknown }> & {
  readonly entry: { readonly kind: "file" };
};

const hasBytes = (change: KeptChange): change is ChangeWithBytes =>
  (change.op === "put" || change.op === "append") && change.entry.kind === "file";

const isGone = (change: KeptChange): boolean => hasBytes(change) && !existsSync(change.entry.path);

// Names begin with their time; those that begin with a dot are still being made.
const namesIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !name.startsWith("."))
        .sort()
        .reverse()
    : [];
