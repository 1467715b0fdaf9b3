// What each function of fs looks at, by its name without "Sync"; arguments mean the same in all three styles.

import type { Descriptors } from "./descriptors.cjs";
import type { Kinds } from "./kinds.cjs";
import type { Recorder } from "./recorder.cjs";

const { constants, lstatSync, readdirSync } = require("node:fs") as typeof import("node:fs");
const { posix } = require("node:path") as typeof import("node:path");
const kinds = require("./kinds.cjs") as Kinds;

const { CONTENT, STAT, EXISTS, LISTING, TREE, WRITTEN, APPENDED, MADE, NO_FOLLOW, MAKES } = kinds;

/** Records what a call with these arguments will look at. */
type Note = (args: readonly unknown[]) => void;

export interface FileNotesModule {
  fileNotes(recorder: Recorder, descriptors: Descriptors): Readonly<Record<string, Note>>;
  /** Functions after which links and folders may be others. */
  CHANGING: ReadonlySet<string>;
  /** Functions that look at nothing. */
  SILENT: ReadonlySet<string>;
}

const CHANGING: ReadonlySet<string> = new Set(["symlink", "link", "rename", "cp"]);
const SILENT: ReadonlySet<string> = new Set(
  "close closeSync fsync fsyncSync fdatasync fdatasyncSync unwatchFile _toUnixTimestamp".split(" "),
);
const FLAGS: ReadonlyMap<string, number> = new Map([
  ...["w", "w+"].map((flag): [string, number] => [flag, WRITTEN | MAKES]),
  ...["a", "as", "sa"].map((flag): [string, number] => [flag, APPENDED | MAKES]),
  ...["a+", "as+", "sa+"].map((flag): [string, number] => [flag, CONTENT | MAKES]),
  ...["wx", "xw", "wx+", "xw+", "ax", "xa", "ax+", "xa+"].map((flag): [string, number] => [
    flag,
    EXISTS | NO_FOLLOW | MAKES,
  ]),
]);

/** The options that change what is looked at. */
type Fields = Readonly<
  Partial<Record<"cwd" | "dereference" | "fd" | "flag" | "flags" | "mode" | "recursive", unknown>>
>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

const entryAt = (path: string): import("node:fs").Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
};
const isFolder = (path: string): boolean => entryAt(path)?.isDirectory() === true;

const USUAL_MODE = 0o666;

/** Returns what opening with these flags looks at; with a mode, also whether there is a file that keeps its own. */
function opening(flags: unknown, mode: unknown): number {
  const mask = openingAsUsual(flags);
  const usual = mode === undefined || mode === null || typeof mode === "function" || mode === USUAL_MODE;
  return usual || (mask & MAKES) === 0 ? mask : mask | EXISTS;
}

function openingAsUsual(flags: unknown): number {
  if (typeof flags !== "number") return FLAGS.get(String(flags)) ?? CONTENT;
  const { O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW } = constants;
  if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) return EXISTS | NO_FOLLOW | MAKES;
  const how = ((flags & O_NOFOLLOW) === 0 ? 0 : NO_FOLLOW) | ((flags & O_CREAT) === 0 ? 0 : MAKES);
  // Without O_CREAT the call tells whether there is a file.
  const there = (flags & O_CREAT) === 0 ? EXISTS : 0;
  const adds = (flags & (O_WRONLY | O_RDWR | O_APPEND)) === (O_WRONLY | O_APPEND);
  if ((flags & O_TRUNC) === 0) return (adds ? APPENDED | there : CONTENT) | how;
  return WRITTEN | there | how;
}

function fileNotes(recorder: Recorder, descriptors: Descriptors): Readonly<Record<string, Note>> {
  const sees =
    (mask: number): Note =>
    ([path]) =>
      recorder.see(mask, path);
  const uses: Note = ([descriptor]) => descriptors.used(descriptor);

  const folders = new FolderNotes(recorder);
  const opens = (usual: string, at: number): Note => {
    return (args) => {
      const path = args[0];
      if (typeof path === "number") return descriptors.used(path);
      const { flag, mode } = fieldsOf(args[at]);
      recorder.see(opening(flag ?? usual, mode), path);
    };
  };
  const streams = (usual: string): Note => {
    return ([path, options]) => {
      const { fd, flags, mode } = fieldsOf(options);
      if (typeof fd === "number") descriptors.used(fd);
      else if (fd === undefined || fd === null) recorder.see(opening(flags ?? usual, mode), path);
    };
  };
  const opened: Note = ([path, flags, mode]) => {
    recorder.see(opening(typeof flags === "function" ? "r" : (flags ?? "r"), mode), path);
  };

  return {
    ...Object.fromEntries(
      ["read", "readv", "write", "writev", "fstat", "ftruncate", "fchmod", "fchown", "futimes"].map(
        (name) => [name, uses],
      ),
    ),
    access: ([path, mode]) =>
      recorder.see(typeof mode === "number" && mode !== constants.F_OK ? STAT : EXISTS, path),
    exists: sees(EXISTS),
    stat: sees(STAT),
    statfs: sees(STAT),
    lstat: sees(STAT | NO_FOLLOW),
    watchFile: sees(STAT),
    readFile: opens("r", 1),
    writeFile: opens("w", 2),
    appendFile: opens("a", 2),
    createReadStream: streams("r"),
    createWriteStream: streams("w"),
    open: opened,
    openAsBlob: sees(CONTENT),
    truncate: sees(CONTENT),
    readlink: sees(CONTENT | NO_FOLLOW),
    chmod: sees(CONTENT),
    chown: sees(CONTENT),
    utimes: sees(CONTENT),
    lchmod: sees(CONTENT | NO_FOLLOW),
    lchown: sees(CONTENT | NO_FOLLOW),
    lutimes: sees(CONTENT | NO_FOLLOW),
    // That there was something and that it was no folder.
    unlink: sees(EXISTS | WRITTEN | NO_FOLLOW),
    rm: ([path, options]) =>
      recorder.see((fieldsOf(options).recursive ? TREE : EXISTS | WRITTEN) | NO_FOLLOW, path),
    symlink: ([, path]) => recorder.see(EXISTS | NO_FOLLOW | MAKES, path),
    link: ([from, to]) => {
      recorder.see(CONTENT | NO_FOLLOW, from);
      recorder.see(EXISTS | NO_FOLLOW | MAKES, to);
    },
    copyFile: ([from, to, mode]) => {
      recorder.see(CONTENT, from);
      const exclusive = typeof mode === "number" && (mode & constants.COPYFILE_EXCL) !== 0;
      // A new file gets the mode of the one that it is a copy of.
      recorder.see((exclusive ? NO_FOLLOW : WRITTEN) | EXISTS | MAKES, to);
    },
    ...folders.notes,
  };
}

/** The functions that look at folders or at more than one place. */
class FolderNotes {
  readonly #recorder: Recorder;
  readonly notes: Readonly<Record<string, Note>>;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    const lists: Note = ([path, options]) => this.#list(path, options);
    this.notes = {
      readdir: lists,
      opendir: lists,
      watch: lists,
      rmdir: ([path, options]) =>
        recorder.see((fieldsOf(options).recursive ? TREE : LISTING) | NO_FOLLOW, path),
      mkdir: ([path, options]) => this.#mkdir(path, options),
      mkdtemp: ([prefix]) => this.#inside(prefix),
      mkdtempDisposable: ([prefix]) => this.#inside(prefix),
      rename: ([from, to]) => this.#move(from, to),
      realpath: ([path]) => this.#everyPrefix(path),
      cp: ([from, to, options]) => this.#copy(from, to, fieldsOf(options)),
      glob: ([pattern, options]) => this.#glob(pattern, fieldsOf(options).cwd),
    };
  }

  #list(path: unknown, options: unknown): void {
    if (fieldsOf(options).recursive === true) this.#wholeTree(path);
    else this.#recorder.see(LISTING, path);
  }

  /** Records a tree and those that links inside of it lead to, which some functions enter. */
  #wholeTree(path: unknown): void {
    this.#recorder.see(TREE, path);
    const text = this.#recorder.textOf(path);
    if (text !== null) this.#linksBelow(text, new Set());
  }

  #linksBelow(folder: string, entered: Set<string>): void {
    const top = `${folder}/`;
    if (entered.has(top)) return;
    entered.add(top);
    let entries: import("node:fs").Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) this.#linksBelow(path, entered);
      else if (entry.isSymbolicLink()) this.#recorder.see(TREE, path);
    }
  }

  #mkdir(path: unknown, options: unknown): void {
    const { recursive, mode } = fieldsOf(options);
    if (recursive !== true) this.#recorder.see(EXISTS | NO_FOLLOW | MAKES, path);
    else {
      // A folder that is there keeps its own mode.
      if (mode !== undefined && mode !== null) this.#recorder.see(EXISTS, path);
      this.#make(path);
    }
  }

  /** Records that a folder is made with those around it, up to the first that was there. */
  #make(path: unknown): void {
    this.#recorder.see(MADE | NO_FOLLOW, path);
    let text = this.#recorder.textOf(path);
    while (text !== null && text !== "/") {
      const entry = entryAt(text);
      if (entry?.isDirectory() === true) break;
      // It has to lead to a folder: none is made there.
      if (entry?.isSymbolicLink() === true) this.#recorder.see(EXISTS, text);
      text = posix.dirname(text);
      this.#recorder.see(MADE, text);
    }
  }

  #inside(prefix: unknown): void {
    const text = this.#recorder.textOf(prefix);
    if (text !== null) this.#recorder.see(EXISTS, text.slice(0, text.lastIndexOf("/") + 1));
  }

  #move(from: unknown, to: unknown): void {
    const text = this.#recorder.textOf(from);
    const folder = text !== null && isFolder(text);
    // The folder of each name is looked up before either name: which error comes depends on both.
    this.#recorder.see((folder ? TREE : CONTENT) | NO_FOLLOW | MAKES, from);
    // A folder takes the place of nothing or of an empty folder.
    this.#recorder.see((folder ? LISTING : WRITTEN) | NO_FOLLOW | MAKES, to);
  }

  #everyPrefix(path: unknown): void {
    const text = this.#recorder.textOf(path);
    if (text === null) return;
    for (let end = text.indexOf("/", 1); end !== -1; end = text.indexOf("/", end + 1)) {
      const prefix = text.slice(0, end);
      if (this.#recorder.covers(prefix)) this.#recorder.see(STAT, prefix);
    }
    this.#recorder.see(STAT, text);
  }

  #copy(from: unknown, to: unknown, options: Fields): void {
    const recursive = options.recursive === true;
    const follow = options.dereference === true ? 0 : NO_FOLLOW;
    this.#recorder.see((recursive ? TREE : CONTENT | STAT) | follow, from);
    const [source, target] = [this.#recorder.textOf(from), this.#recorder.textOf(to)];
    if (source !== null && recursive && follow === 0) this.#linksBelow(source, new Set());
    if (target === null) return;
    // What is already there is compared with what comes.
    this.#recorder.see(recursive && isFolder(target) ? TREE : STAT | WRITTEN, target);
    this.#make(posix.dirname(target));
  }

  #glob(pattern: unknown, cwd: unknown): void {
    const start = this.#recorder.textOf(cwd ?? process.cwd());
    for (const one of Array.isArray(pattern) ? pattern : [pattern]) {
      if (typeof one !== "string" || start === null) continue;
      const parts = one.split("/");
      const wild = parts.findIndex((part) => /[*?[\]{}()!+@\\]/.test(part));
      const fixed = parts.slice(0, wild === -1 ? parts.length : wild).join("/");
      this.#wholeTree(posix.isAbsolute(one) ? `/${fixed}` : posix.join(start, fixed));
    }
  }
}

module.exports = { fileNotes, CHANGING, SILENT } satisfies FileNotesModule;
