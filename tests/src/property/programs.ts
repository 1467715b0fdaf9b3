// Random task programs over a small tree, and two ways to run them: in a directory, one after another, with nothing
// of ours in between (the reference), and as an agent.
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";

type Op =
  | { readonly op: "read" | "exists" | "list" | "readlink"; readonly path: string }
  | {
      readonly op: "write" | "append" | "remove" | "mkdir" | "chmod" | "link" | "empty";
      readonly path: string;
    }
  | { readonly op: "rename"; readonly path: string; readonly to: string }
  /** Fails when what was seen so far hashes to a multiple of `every`. */
  | { readonly op: "fail"; readonly every: number };

export interface Program {
  readonly id: string;
  readonly ops: readonly Op[];
}

const FILES = ["a", "b", "d/a", "d/b", "d/e/c", "f/x", "f/y"];
const FOLDERS = ["d", "d/e", "f", "g"];

const file = fc.constantFrom(...FILES);
const folder = fc.constantFrom(...FOLDERS);

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant("read" as const), path: file }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("exists" as const), path: fc.oneof(file, folder) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("list" as const), path: folder }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("readlink" as const), path: file }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant("write" as const), path: file }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("append" as const), path: file }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("remove" as const), path: file }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("mkdir" as const), path: folder }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("empty" as const), path: folder }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("chmod" as const), path: file }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("link" as const), path: file }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("rename" as const), path: file, to: file }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("fail" as const), every: fc.constantFrom(1, 3, 4) }) },
);

/** Lists of one to eight programs. */
export const programs: fc.Arbitrary<readonly Program[]> = fc
  .array(fc.array(op, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 })
  .map((lists) => lists.map((ops, i) => ({ id: `t${i}`, ops })));

/** Files that are there before the first task. */
export const startFiles: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .subarray(FILES)
  .map((paths) => Object.fromEntries(paths.map((path) => [path, `start ${path}`])));

const READING = new Set<Op["op"]>(["read", "exists", "list", "readlink"]);

/** What a program reads and writes, declared truthfully. */
export function declared({ ops }: Program): {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
} {
  const reads = new Set<string>();
  const writes = new Set<string>();
  for (const one of ops) {
    if (one.op === "fail") continue;
    (READING.has(one.op) ? reads : writes).add(one.path);
    if (one.op === "rename") writes.add(one.to);
  }
  return { reads: [...reads], writes: [...writes] };
}

const mix = (...parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);

// A call that fails, because a folder is in the way or a file is not there, is something the program sees.
const attempt = (act: () => string): string => {
  try {
    return act();
  } catch (error) {
    return `error ${(error as NodeJS.ErrnoException).code}`;
  }
};

const CHANGES: { readonly [K in Op["op"]]?: (full: string, seen: string) => void } = {
  mkdir: (full) => mkdirSync(full, { recursive: true }),
  empty: (full) => rmSync(full, { recursive: true, force: true }),
  write: (full, seen) => writeFileSync(full, `${seen}\n`),
  append: (full, seen) => appendFileSync(full, `${seen};`),
  remove: (full) => rmSync(full),
  chmod: (full) => chmodSync(full, 0o755),
  link: (full, seen) => symlinkSync(`target-of-${seen.slice(0, 2)}`, full),
};

const LOOKS: { readonly [K in Op["op"]]?: (full: string) => string } = {
  read: (full) => readFileSync(full, "utf8"),
  exists: (full) => String(existsSync(full)),
  list: (full) => readdirSync(full).sort().join(","),
  readlink: (full) => readlinkSync(full),
};

// Links are looked at and replaced, never followed: where they lead is not what the program declares.
function withoutLink(full: string, op: Op["op"]): "gone" | "link" | "other" {
  if (lstatSync(full, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return "other";
  if (op !== "write" && op !== "append") return "link";
  unlinkSync(full);
  return "gone";
}

function perform(root: string, one: Exclude<Op, { op: "fail" }>, seen: string): string {
  const full = join(root, one.path);
  return attempt(() => {
    if (withoutLink(full, one.op) === "link" && one.op !== "readlink" && one.op !== "remove") return "link";
    const look = LOOKS[one.op];
    if (look !== undefined) return look(full);
    mkdirSync(dirname(full), { recursive: true });
    if (one.op === "rename") {
      mkdirSync(dirname(join(root, one.to)), { recursive: true });
      renameSync(full, join(root, one.to));
    } else CHANGES[one.op]!(full, seen);
    return "";
  });
}

/** Runs a program in a folder. `pause` is awaited between its steps. Throws where the program fails. */
export async function runProgram(
  root: string,
  program: Program,
  pause: () => Promise<void> = async () => {},
): Promise<string> {
  let seen = program.id;
  for (const one of program.ops) {
    await pause();
    if (one.op !== "fail") seen = mix(seen, one.op, one.path, perform(root, one, seen));
    else if (Number.parseInt(seen.slice(0, 6), 16) % one.every === 0) throw new Error(`fails at ${seen}`);
  }
  return seen;
}

/** The reference: each program in turn in one folder; what a failed one did is undone. */
export async function runInOrder(
  root: string,
  list: readonly Program[],
): Promise<ReadonlyMap<string, string | null>> {
  const outputs = new Map<string, string | null>();
  for (const program of list) {
    const before = `${root}-before`;
    cpSync(root, before, { recursive: true, verbatimSymlinks: true });
    try {
      outputs.set(program.id, await runProgram(root, program));
      rmSync(before, { recursive: true });
    } catch {
      outputs.set(program.id, null);
      rmSync(root, { recursive: true });
      renameSync(before, root);
    }
  }
  return outputs;
}
