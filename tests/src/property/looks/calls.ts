// Random programs of single calls of Node's fs, as plain data. Frozen: see ../frozen.test.ts.
import type { Files } from "@sheaf/testkit";
import fc from "fast-check";

/** In which of its styles a function of fs is called; not every one has all. */
const STYLES = ["sync", "callback", "promise"] as const;
export type Style = (typeof STYLES)[number];

/** The ways to name one place. `up` goes through a folder, or link, and out of it again. */
const FORMS = ["absolute", "relative", "slash", "dot", "up", "buffer", "url"] as const;

/** A place below the folder in which programs work. */
export interface Place {
  readonly at: string;
  readonly form: (typeof FORMS)[number];
}

/** What is given to a function: a place, or the value itself. */
export type Argument = Place | { readonly value: unknown };

/** What is done with an open file, by the name of the method of FileHandle. */
export interface HandleCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface Call {
  /** Name of the function, without "Sync". */
  readonly name: string;
  readonly style: Style;
  readonly args: readonly Argument[];
  /** What is done with the file that it opens. */
  readonly uses: readonly HandleCall[];
}

/** What an earlier task does, and what the task does that is watched. */
export interface LookCase {
  readonly files: Files;
  readonly earlier: readonly Call[];
  readonly calls: readonly Call[];
}

/** Programs work in this folder, so that ".." leads no further than to the folder above it. */
export const WORK = "w";

export const FILES = ["a", "b", "d/a", "d/e/c", "f/x"];
export const FOLDERS = ["d", "d/e", "f", "g"];
export const TARGETS = ["a", "b", "d", "e", "f", "x", "d/a", "d/e", "e/c", "gone", "../w/f", "../w/a"];
export const TEXTS = ["0", "1", "01"];
export const FILE_MODES = [0o644, 0o600, 0o444, 0o666, 0o755];
const FOLDER_MODES = [0o755, 0o700, 0o777, 0o555];
/** Of what may be a folder: each lets its owner in. */
const ANY_MODES = [0o755, 0o755, 0o700, 0o700, 0o555, 0o744];
const MASKS = [0o022, 0o077, 0o002];
const FLAGS = ["r", "r+", "w", "w+", "wx", "wx+", "a", "a+", "ax", "ax+", "as", "rs+"];

export const from = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const style = from(...STYLES);
export const anyPath = from(...FILES, ...FILES, ...FOLDERS);
const form = fc.oneof(
  { weight: 6, arbitrary: from("absolute" as const) },
  { weight: 4, arbitrary: from(...FORMS) },
);
const placeAt = (at: fc.Arbitrary<string>): fc.Arbitrary<Argument> => fc.record({ at, form });
export const path = placeAt(anyPath);
export const file = placeAt(from(...FILES));
export const folder = placeAt(from(...FOLDERS, "."));

const value = (...values: readonly unknown[]): fc.Arbitrary<Argument> =>
  from(...values).map((each) => ({ value: each }));
export const text = value(...TEXTS);
const flag = from(undefined, ...FLAGS);
export const mode = from(undefined, undefined, ...FILE_MODES);
const bool = from(undefined, true, false);

/** Options, of which those that are undefined are left out. */
const options = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Argument> =>
  fc.record(fields).map((all) => ({
    value: Object.fromEntries(Object.entries(all).filter(([, each]) => each !== undefined)),
  }));

const call = (name: string, ...args: readonly fc.Arbitrary<Argument>[]): fc.Arbitrary<Call> =>
  fc.record({ name: from(name), style, args: fc.tuple(...args), uses: from<readonly HandleCall[]>([]) });

const handleCall: fc.Arbitrary<HandleCall> = from<HandleCall>(
  ...[
    { name: "read", args: [] },
    { name: "readFile", args: [] },
    { name: "stat", args: [] },
  ],
  ...[
    { name: "write", args: ["2"] },
    { name: "write", args: ["2", 1] },
    { name: "writeFile", args: ["3"] },
  ],
  ...[
    { name: "appendFile", args: ["4"] },
    { name: "writev", args: [["5", "6"]] },
    { name: "readv", args: [] },
  ],
  ...[
    { name: "truncate", args: [0] },
    { name: "truncate", args: [1] },
    { name: "truncate", args: [3] },
  ],
  ...[
    { name: "chmod", args: [0o700] },
    { name: "chmod", args: [0o555] },
    { name: "utimes", args: [1, 1] },
  ],
  ...[
    { name: "sync", args: [] },
    { name: "readStream", args: [] },
    { name: "writeStream", args: ["7"] },
  ],
);

const FLAG_BITS = ["O_RDONLY", "O_WRONLY", "O_RDWR"];
const MORE_BITS = ["O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND", "O_NOFOLLOW", "O_DIRECTORY", "O_SYNC"];
/** Names of constants, added up where they are used: their numbers are the system's own. */
const bits = fc
  .tuple(from(...FLAG_BITS), fc.subarray(MORE_BITS, { maxLength: 3 }))
  .map(([access, more]): Argument => ({ value: { bits: [access, ...more] } }));

const opens: fc.Arbitrary<Call> = fc.record({
  name: from("open"),
  style,
  args: fc.tuple(
    path,
    fc.oneof(
      flag.map((each) => ({ value: each })),
      bits,
    ),
    value(undefined, undefined, ...FILE_MODES),
  ),
  uses: fc.array(handleCall, { maxLength: 3 }),
});

const copying = options({
  recursive: from(true, true, false, undefined),
  force: bool,
  errorOnExist: bool,
  verbatimSymlinks: bool,
  preserveTimestamps: bool,
  mode: from(undefined, undefined, { bits: ["COPYFILE_EXCL"] }),
  filter: from(undefined, undefined, { leavesOut: "a" }, { leavesOut: "e" }),
});

/** Where copies go that follow links: into what no link leads to, as others might never end. */
const apart = placeAt(from("copy"));
const following = options({ recursive: from(true, true, undefined), dereference: from(true), force: bool });

export const looking = fc.oneof(
  call("readFile", path, options({ flag: from(undefined, undefined, undefined, ...FLAGS) })),
  call("stat", path),
  call("lstat", path),
  call("access", path, value(undefined, 1, 2, 4, 6)),
  call("exists", path),
  call("readdir", folder, options({ recursive: bool, withFileTypes: bool })),
  call("opendir", folder, options({ recursive: bool })),
  call("readlink", path),
  call("realpath", path),
  call("realpath.native", path),
  call("glob", value("*", "d/*", "**", "**/a", "*/../f/*", "f/x", "{a,b}", "d/?")),
  call("statfs", path),
  call("createReadStream", path, options({ flags: from(undefined, undefined, "r+", "a+", "w+") })),
  call("openAsBlob", path),
);

export const changing = fc.oneof(
  call("writeFile", file, text, options({ flag, mode })),
  call("writeFile", path, text, options({})),
  call("appendFile", file, text, options({ flag, mode })),
  call("createWriteStream", file, text, options({ flags: flag, mode, start: from(undefined, undefined, 1) })),
  opens,
  opens,
  call("truncate", path, value(undefined, 0, 1, 2)),
  call("copyFile", path, path, value(undefined, 0, 1, 2)),
  call("cp", path, path, copying),
  call("cp", folder, folder, copying),
  call("cp", path, apart, following),
  call("rename", path, path),
  call("rename", folder, folder),
  call("rm", path, options({ recursive: bool, force: bool })),
  call("rmdir", folder),
  call("unlink", path),
  call("mkdir", folder, value(undefined, undefined, ...FOLDER_MODES)),
  call("mkdir", path, options({ recursive: bool, mode: from(undefined, undefined, ...FOLDER_MODES) })),
  call("mkdtemp", placeAt(from("tmp-", "d/tmp-", "f/tmp-")), value("remove", "g", "d/e", "f")),
  call("symlink", value(...TARGETS), path),
  call("link", path, path),
  call("chmod", file, value(...ANY_MODES)),
  call("chmod", folder, value(...ANY_MODES)),
  call("lchmod", path, value(0o600, 0o755)),
  call("utimes", path, value(1), value(1)),
  call("lutimes", path, value(1), value(1)),
  call("umask", value(...MASKS)),
  call("chdir", folder),
);
