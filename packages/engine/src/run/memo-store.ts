// What tasks did in earlier runs, by what they were asked to do and with which code.
//
// Owns:     a folder of entries, and of the files' bytes by their hash. Several processes may work on it at once.
// Does not: decide whether an entry fits; what it read and took decides that.
//
// Invariants:
//   M1. An entry and an object appear under their name as a whole, by a rename.
//   M2. Nobody is given an object's own bytes: they are copied, and the copy is compared with the object's name.
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { MemoScope } from "@sheaf/core";
import {
  broughtFile,
  fileHash,
  fromChecksummed,
  type KeptFile,
  type KeptTaskChange,
  NOWHERE,
  withChecksum,
  withFile,
} from "@sheaf/workdir";
import type { KeptExecution } from "./execution-store.ts";

/** Entries of one key that are kept, the latest ones. */
const MOST_ENTRIES = 8;

/** One execution that may be used again. Of a file that it wrote, `hash` names the object; `path` is empty. */
export interface MemoEntry extends KeptExecution {
  /** What its model calls cost; null where that is not known. */
  readonly costUsd: number | null;
  /** sha256 of the output's bytes, in hex. */
  readonly outputHash: string;
}

export interface FoundMemo extends MemoEntry {
  readonly output: Uint8Array;
}

/** What lies under a key, the latest first, and the paths of what lay there damaged and is gone now. */
export interface FoundMemos {
  readonly entries: readonly FoundMemo[];
  readonly damaged: readonly string[];
}

/** The memory of what tasks did, as a run uses it. */
export interface Memo {
  /** Where it lies by scope; `run` needs none, as a run keeps its attempts anyway. */
  readonly stores: ReadonlyMap<MemoScope, MemoStore>;
  /** Hash of the code of each module that does tasks, by URL; a module that is not here is not remembered. */
  readonly code: ReadonlyMap<string, string>;
}

/** Names of a store's folders. */
export const ENTRIES = "entries";
export const OBJECTS = "objects";

/** Path of an object below its store. */
const objectPath = (hash: string): string => join(OBJECTS, hash.slice(0, 2), hash.slice(2));

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export class MemoStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns what is kept under a key. Damaged entries are removed. */
  find(key: string): FoundMemos {
    const entries: FoundMemo[] = [];
    const damaged: string[] = [];
    for (const name of namesIn(this.#entriesOf(key))) {
      const path = join(this.#entriesOf(key), name);
      const found = readEntry(path);
      if (found === "damaged") {
        damaged.push(path);
        rmSync(path, { recursive: true, force: true });
      } else if (found !== "gone") entries.push(found);
    }
    return { entries, damaged };
  }

  /** Keeps an execution under a key, with copies of what it wrote. */
  async keep(key: string, execution: Omit<MemoEntry, "outputHash">, output: Uint8Array): Promise<void> {
    const folder = this.#entriesOf(key);
    const { effects, keptAt } = execution;
    const changes: KeptTaskChange[] = [];
    for (const change of effects?.changes ?? []) changes.push(await this.#keepBytes(change));
    const entry: MemoEntry = {
      ...execution,
      effects: effects === null ? null : { ...effects, changes },
      outputHash: sha256(output),
    };
    const name = `${String(Math.floor(keptAt)).padStart(15, "0")}-${randomBytes(3).toString("hex")}`;
    const making = join(folder, `.${name}`);
    mkdirSync(making, { recursive: true });
    writeFileSync(join(making, "output"), output);
    writeFileSync(join(making, "entry.json"), withChecksum(entry));
    renameSync(making, join(folder, name));
    for (const old of namesIn(folder).slice(MOST_ENTRIES))
      rmSync(join(folder, old), { recursive: true, force: true });
  }

  /**
   * Copies what an entry wrote below `folder` and returns the changes with the copies. A damaged object is removed.
   *
   * @returns The path of the object that is damaged or gone, where one is.
   */
  async take({ effects }: MemoEntry, folder: string): Promise<readonly KeptTaskChange[] | string> {
    const taken: KeptTaskChange[] = [];
    for (const [i, change] of (effects?.changes ?? []).entries()) {
      const file = broughtFile(change);
      const copied = file === null ? null : await this.#takeBytes(file, join(folder, String(i)));
      if (typeof copied === "string") return copied;
      taken.push(copied === null ? change : withFile(change, copied));
    }
    return taken;
  }

  async #takeBytes(entry: KeptFile, to: string): Promise<KeptFile | string> {
    const object = join(this.#folder, objectPath(entry.hash!));
    mkdirSync(dirname(to), { recursive: true });
    rmSync(to, { force: true });
    try {
      copyFileSync(object, to, constants.COPYFILE_FICLONE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return object;
      throw error;
    }
    if ((await fileHash(to, statSync(to).size)) !== entry.hash) {
      rmSync(object, { force: true });
      return object;
    }
    chmodSync(to, entry.mode);
    return { ...entry, path: to, mtimeNs: String(statSync(to, { bigint: true }).mtimeNs) };
  }

  #entriesOf(key: string): string {
    return join(this.#folder, ENTRIES, key.slice(0, 2), key);
  }

  async #keepBytes(change: KeptTaskChange): Promise<KeptTaskChange> {
    const file = broughtFile(change);
    if (file === null) return change;
    const hash = file.hash !== null && this.#renew(file.hash) ? file.hash : await this.#addObject(file);
    return withFile(change, { ...file, path: NOWHERE, hash });
  }

  async #addObject({ path, mtimeNs }: KeptFile): Promise<string> {
    const making = join(this.#folder, OBJECTS, `.${randomBytes(6).toString("hex")}`);
    mkdirSync(dirname(making), { recursive: true });
    try {
      copyFileSync(path, making, constants.COPYFILE_FICLONE);
      chmodSync(making, 0o600);
      const { mtimeNs: now, size } = statSync(path, { bigint: true });
      if (String(now) !== mtimeNs) throw new Error(`${path} was changed by somebody else`);
      const hash = await fileHash(making, Number(size));
      if (this.#renew(hash)) return hash;
      const object = join(this.#folder, objectPath(hash));
      mkdirSync(dirname(object), { recursive: true });
      renameSync(making, object);
      return hash;
    } finally {
      rmSync(making, { force: true });
    }
  }

  // An object that is used again is young again, so that nobody who cleans up meanwhile takes it away.
  #renew(hash: string): boolean {
    const object = join(this.#folder, objectPath(hash));
    if (!existsSync(object)) return false;
    const now = new Date();
    utimesSync(object, now, now);
    return true;
  }
}

function readEntry(path: string): FoundMemo | "damaged" | "gone" {
  try {
    const entry = fromChecksummed(readFileSync(join(path, "entry.json"), "utf8")) as MemoEntry | undefined;
    const output = readFileSync(join(path, "output"));
    if (entry === undefined || sha256(output) !== entry.outputHash) return "damaged";
    return { ...entry, output };
  } catch (error) {
    // Another process has just removed it.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "gone";
    throw error;
  }
}

// Names begin with their time; those that begin with a dot are still being made.
const namesIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !name.startsWith("."))
        .sort()
        .reverse()
    : [];
