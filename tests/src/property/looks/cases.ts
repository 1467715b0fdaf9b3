// What an earlier task does, and a program after it that meets it. Frozen: see ../frozen.test.ts.
import type { Files } from "@sheaf/testkit";
import fc from "fast-check";
import {
  type Argument,
  anyPath,
  type Call,
  changing,
  FILE_MODES,
  FILES,
  FOLDERS,
  file,
  folder,
  from,
  type LookCase,
  looking,
  mode,
  path,
  TARGETS,
  TEXTS,
  text,
  WORK,
} from "./calls.ts";

const plain = (name: string, ...args: readonly Argument[]): Call => ({ name, style: "sync", args, uses: [] });
const placed = (at: string): Argument => ({ at, form: "absolute" });

/** Puts something at a path, whatever is there; or takes it away; or gives it a mode. */
type Put =
  | { readonly text: string; readonly mode: number | undefined }
  | { readonly link: string }
  | { readonly folder: number }
  | { readonly mode: number }
  | Readonly<Record<never, never>>;

function putting(path: Argument, put: Put): readonly Call[] {
  if ("mode" in put && !("text" in put)) return [plain("chmod", path, { value: put.mode })];
  const taking = plain("rm", path, { value: { recursive: true, force: true } });
  if ("text" in put) {
    const mode = put.mode === undefined ? {} : { mode: put.mode };
    return [taking, plain("writeFile", path, { value: put.text }, { value: mode })];
  }
  if ("link" in put) return [taking, plain("symlink", { value: put.link }, path)];
  if ("folder" in put)
    return [taking, plain("mkdir", path, { value: { recursive: true, mode: put.folder } })];
  return [taking];
}

const puts: fc.Arbitrary<Put> = fc.oneof(
  fc.record({ text: from(...TEXTS), mode: from(undefined, undefined, ...FILE_MODES) }),
  from({ link: "a" }, { link: "d" }, { link: "../w/f" }),
  fc.record({ folder: from(0o755, 0o700) }),
  fc.record({ mode: from(0o755, 0o700, 0o700) }),
  from({}),
);
const anyPut = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(anyPath, puts) },
  { weight: 1, arbitrary: fc.tuple(from(...FOLDERS), from<Put>({ folder: 0o700 }, { mode: 0o700 })) },
);
const replacing = anyPut.map(([at, put]) => putting(placed(at), put));

/** What may leave everything as it was, and yet would leave the same of something else. */
const renewing: fc.Arbitrary<readonly Call[]> = fc.oneof(
  fc
    .tuple(folder, from("rmdir", "rm"), from(undefined, 0o755, 0o755))
    .map(([path, taking, made]) => [
      plain(taking, path, ...(taking === "rm" ? [{ value: { recursive: true } }] : [])),
      plain("mkdir", path, { value: made }),
    ]),
  fc.tuple(path, path).map(([here, there]) => [plain("rename", here, there), plain("rename", there, here)]),
  fc.tuple(file, text).map(([path, written]) => [plain("unlink", path), plain("writeFile", path, written)]),
  fc.tuple(folder, from(0o755, 0o755, 0o700)).map(([path, made]) => [plain("chmod", path, { value: made })]),
  fc
    .tuple(file, text)
    .map(([path, written]) => [plain("umask", { value: 0o077 }), plain("writeFile", path, written)]),
  fc
    .tuple(file, text, mode)
    .map(([path, written, made]) => [plain("writeFile", path, written, { value: { mode: made } })]),
);

const earlierCalls: fc.Arbitrary<readonly Call[]> = fc
  .array(
    fc.oneof({ weight: 2, arbitrary: replacing }, { weight: 1, arbitrary: changing.map((each) => [each]) }),
    { minLength: 1, maxLength: 2 },
  )
  .map((lists) => lists.flat());

const anyCalls: fc.Arbitrary<readonly Call[]> = fc
  .array(
    fc.oneof(
      { weight: 2, arbitrary: looking.map((each) => [each]) },
      { weight: 4, arbitrary: changing.map((each) => [each]) },
      { weight: 2, arbitrary: renewing },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((lists) => lists.flat());

const entry = fc.oneof(
  { weight: 4, arbitrary: from(...TEXTS) },
  { weight: 1, arbitrary: fc.record({ text: from(...TEXTS), mode: from(...FILE_MODES) }) },
  { weight: 2, arbitrary: fc.record({ link: from(...TARGETS) }) },
);
const FOLDERS_AT_START = ["d/", "f/", "d/e/", "g/"];
const startFiles: fc.Arbitrary<Files> = fc
  .tuple(
    fc.subarray(FOLDERS_AT_START),
    fc.shuffledSubarray([...FILES, "f", "d", "d/e", "g"], { minLength: 2 }),
    fc.array(entry, { minLength: 10, maxLength: 10 }),
  )
  .map(([folders, paths, entries]) => {
    const files: Record<string, Files[string]> = { [`${WORK}/`]: "" };
    for (const each of folders) files[`${WORK}/${each}`] = "";
    const isFree = (path: string): boolean =>
      Object.keys(files).every(
        (other) => !`${other}/`.startsWith(`${path}/`) && !path.startsWith(`${other}/`),
      );
    for (const [i, each] of paths.entries()) {
      const path = `${WORK}/${each}`;
      if (isFree(path)) files[path] = entries[i]!;
    }
    return files;
  });

/** Puts everything at a few places, so that programs meet. */
function gathered(
  calls: readonly Call[],
  files: readonly string[],
  folders: readonly string[],
): readonly Call[] {
  const moved = (at: string): string => {
    for (const [all, few] of [
      [FILES, files],
      [FOLDERS, folders],
    ] as const) {
      if (all.includes(at)) return few[all.indexOf(at) % few.length]!;
    }
    return at;
  };
  const there = (each: Argument): Argument => ("at" in each ? { ...each, at: moved(each.at) } : each);
  return calls.map((each) => ({ ...each, args: each.args.map(there) }));
}

/** Programs of any calls, and short ones that do again what an earlier one may have done otherwise. */
const bothPrograms = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(earlierCalls, anyCalls) },
  { weight: 1, arbitrary: fc.tuple(replacing, renewing) },
);

/** Any files, an earlier program that changes some of them, and one of calls of any kind. */
export const lookCase: fc.Arbitrary<LookCase> = fc
  .record({
    files: startFiles,
    programs: bothPrograms,
    fewFiles: fc.subarray(FILES, { minLength: 1, maxLength: 2 }),
    fewFolders: fc.subarray(FOLDERS, { minLength: 1, maxLength: 2 }),
  })
  .map(({ files, programs: [earlier, calls], fewFiles, fewFolders }) => ({
    files,
    earlier: gathered(earlier, fewFiles, fewFolders),
    calls: gathered(calls, fewFiles, fewFolders),
  }));
