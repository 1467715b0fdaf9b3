// What a program does, one step at a time, as plain data; and how the steps are drawn. Frozen: see ../frozen.test.ts.
import type { Files } from "@sheaf/testkit";
import fc from "fast-check";

/** What is written: null for what was seen so far. */
type Text = string | null;

export type Step =
  | { readonly op: "read" | "exists" | "stat" | "lstat" | "list" | "readlink"; readonly path: string }
  | { readonly op: "unlink" | "rmdir" | "empty"; readonly path: string }
  | { readonly op: "append"; readonly path: string; readonly text: Text }
  | { readonly op: "write"; readonly path: string; readonly text: Text; readonly mode?: number }
  /** Fails where there is something. */
  | { readonly op: "create"; readonly path: string; readonly text: Text }
  | { readonly op: "truncate"; readonly path: string; readonly bytes: number }
  | { readonly op: "chmod"; readonly path: string; readonly mode: number }
  | { readonly op: "mkdir"; readonly path: string; readonly recursive: boolean; readonly mode?: number }
  | { readonly op: "symlink"; readonly path: string; readonly target: string }
  | { readonly op: "rename" | "copy"; readonly path: string; readonly to: string }
  /** Fails when what was seen so far hashes to a multiple of `every`. */
  | { readonly op: "fail"; readonly every: number };

export interface Program {
  readonly id: string;
  readonly steps: readonly Step[];
}

const FILES = ["a", "b", "d/a", "d/b", "d/e/c", "f/x", "f/y"];
const FOLDERS = ["d", "d/e", "f", "g"];
// Without "..", so that no link leads out of the directory, wherever it is moved.
const TARGETS = ["a", "b", "d", "e", "f", "x", "c", "d/a", "d/e", "e/c", "f/x", "gone"];
// The same few texts again and again: a file may come to hold what it held before.
const TEXTS = ["0", "1"];

const file = fc.constantFrom(...FILES);
const folder = fc.constantFrom(...FOLDERS);
const path = fc.oneof({ weight: 3, arbitrary: file }, { weight: 1, arbitrary: folder });
const text = fc.constantFrom(...TEXTS, null, null);

const mode = fc.constantFrom(0o755, 0o700);

const is = <const T extends Step["op"]>(op: T): fc.Arbitrary<T> => fc.constant(op);

const looking: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: is("read"), path }) },
  { weight: 2, arbitrary: fc.record({ op: is("exists"), path }) },
  { weight: 1, arbitrary: fc.record({ op: is("stat"), path }) },
  { weight: 1, arbitrary: fc.record({ op: is("lstat"), path }) },
  { weight: 2, arbitrary: fc.record({ op: is("list"), path: fc.oneof(folder, fc.constant("")) }) },
  { weight: 1, arbitrary: fc.record({ op: is("readlink"), path }) },
);

const changing: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: is("write"), path: file, text }) },
  { weight: 1, arbitrary: fc.record({ op: is("write"), path: file, text, mode }) },
  { weight: 1, arbitrary: fc.record({ op: is("create"), path: file, text }) },
  { weight: 3, arbitrary: fc.record({ op: is("append"), path: file, text }) },
  { weight: 1, arbitrary: fc.record({ op: is("truncate"), path: file, bytes: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ op: is("unlink"), path }) },
  { weight: 1, arbitrary: fc.record({ op: is("rmdir"), path: folder }) },
  { weight: 1, arbitrary: fc.record({ op: is("empty"), path: folder }) },
  { weight: 1, arbitrary: fc.record({ op: is("chmod"), path, mode }) },
  { weight: 2, arbitrary: fc.record({ op: is("mkdir"), path: folder, recursive: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: is("mkdir"), path: folder, recursive: fc.boolean(), mode }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: is("symlink"), path, target: fc.constantFrom(...TARGETS) }),
  },
  { weight: 1, arbitrary: fc.record({ op: is("rename"), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ op: is("copy"), path: file, to: file }) },
);

const failing: fc.Arbitrary<Step> = fc.record({ op: is("fail"), every: fc.constantFrom(1, 3, 4) });

const programsOf = (step: fc.Arbitrary<Step>, most: number): fc.Arbitrary<readonly Program[]> =>
  fc
    .array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: most })
    .map((lists) => lists.map((steps, i) => ({ id: `t${i}`, steps })));

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 11, arbitrary: looking },
  { weight: 16, arbitrary: changing },
  { weight: 1, arbitrary: failing },
);

/** Lists of one to eight programs. */
export const programs: fc.Arbitrary<readonly Program[]> = programsOf(anyStep, 8);

/** Lists of one to five programs, where each is worth some time. */
export const fewPrograms: fc.Arbitrary<readonly Program[]> = programsOf(anyStep, 5);

const startFile = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<string>(...TEXTS) },
  { weight: 1, arbitrary: fc.record({ link: fc.constantFrom(...TARGETS) }) },
);

/** Files and links that are there before the first task. */
export const startFiles: fc.Arbitrary<Files> = fc
  .subarray(FILES)
  .chain((paths) =>
    fc
      .array(startFile, { minLength: paths.length, maxLength: paths.length })
      .map((files) => Object.fromEntries(paths.map((each, i) => [each, files[i]!]))),
  );
