// Performs calls in a folder. What went wrong is seen as well as what went right.
import fs, { type Dir, type Dirent, type Stats } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { type Argument, type Call, type Place, type Style, WORK } from "./calls.ts";
import { useHandle } from "./use-handle.ts";

type Function = (...args: unknown[]) => unknown;

const { constants } = fs as unknown as { readonly constants: Readonly<Record<string, number>> };
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function pathOf(root: string, { at, form }: Place): unknown {
  const work = join(root, WORK);
  switch (form) {
    case "absolute":
      return `${work}/${at}`;
    case "relative":
      return at;
    case "slash":
      return `${work}/${at}/`;
    case "dot":
      return `./${at}`;
    case "up":
      return `${work}/d/../${at}`;
    case "buffer":
      return Buffer.from(`${work}/${at}`);
    case "url":
      return pathToFileURL(`${work}/${at}`);
    default:
      return form satisfies never;
  }
}

/** Makes of plain data what cannot be data: sums of constants, filters. */
function plainOf(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (Array.isArray(value.bits)) {
    return (value.bits as string[]).reduce((sum, name) => sum | (constants[name] ?? 0), 0);
  }
  if ("leavesOut" in value) return (from: string): boolean => !from.endsWith(`/${String(value.leavesOut)}`);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainOf(each)]));
}

const argumentOf = (root: string, argument: Argument): unknown =>
  "at" in argument ? pathOf(root, argument) : plainOf(argument.value);

function isStats(value: Readonly<Record<string, unknown>>): boolean {
  return "ino" in value && "size" in value;
}

function sayStats(stats: Stats): string {
  if (stats.isDirectory()) return `folder ${stats.mode}`;
  return `${stats.isSymbolicLink() ? "link" : `file ${stats.mode} ${stats.size}`}`;
}

const sayDirent = (each: Dirent): string =>
  `${each.name} ${each.isDirectory() ? "folder" : each.isSymbolicLink() ? "link" : "file"}`;

/** Says what a call returned, without times, sizes of folders, and where the folder is. */
function say(root: string, value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString("latin1");
  if (Array.isArray(value))
    return value
      .map((each) => say(root, each))
      .sort()
      .join(",");
  if (!isRecord(value)) return String(value).replaceAll(root, "");
  if (isStats(value)) return sayStats(value as unknown as Stats);
  if ("parentPath" in value || "path" in value) return sayDirent(value as unknown as Dirent);
  return "done";
}

function invoke(style: Style, name: string, args: readonly unknown[]): unknown {
  const [first, second] = name.split(".") as [string, string?];
  const table = (style === "promise" ? fs.promises : fs) as unknown as Readonly<Record<string, unknown>>;
  const own =
    table[style === "sync" ? `${first}Sync` : first] ??
    (fs as unknown as Record<string, unknown>)[`${first}Sync`];
  const found =
    second === undefined
      ? own
      : ((own as Record<string, unknown> | undefined)?.[second] ?? fs.realpathSync.native);
  if (typeof found !== "function") return "no such function";
  const isCallback =
    style === "callback" &&
    found ===
      (second === undefined ? table[first] : (table[first] as unknown as Record<string, unknown>)[second]);
  // A last argument of undefined is not the same as none to a function that takes a callback.
  const given = args.slice(0, args.findLastIndex((each) => each !== undefined) + 1);
  if (!isCallback) return (found as Function)(...given);
  return new Promise((resolve, reject) => {
    (found as Function)(...given, (...results: unknown[]) => {
      if (first === "exists") resolve(results[0]);
      else if (results[0]) reject(results[0]);
      else resolve(results[1]);
    });
  });
}

async function namesIn(dir: Dir): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const each of dir) names.push(sayDirent(each));
  return names;
}

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += String(chunk);
  return all;
}

async function writeStream(path: unknown, text: unknown, options: unknown): Promise<void> {
  const stream = fs.createWriteStream(path as string, options as object);
  stream.end(text);
  await finished(stream);
}

async function temporaryFolder(
  root: string,
  style: Style,
  [prefix, to]: readonly unknown[],
): Promise<string> {
  const made = String(await invoke(style, "mkdtemp", [prefix]));
  try {
    // A name that nobody can foresee is not left.
    if (to === "remove") fs.rmdirSync(made);
    else fs.renameSync(made, join(root, WORK, String(to)));
  } catch (error) {
    fs.rmdirSync(made);
    throw error;
  }
  return "made";
}

async function globbed(style: Style, [pattern]: readonly unknown[]): Promise<unknown> {
  const found = await invoke(style, "glob", [pattern]);
  if (!isRecord(found) || !(Symbol.asyncIterator in found)) return found;
  return (await readAll(found as unknown as AsyncIterable<unknown>)).length;
}

async function resultOf(root: string, { name, style, args: given, uses }: Call): Promise<unknown> {
  const args = given.map((each) => argumentOf(root, each));
  switch (name) {
    case "createReadStream":
      return readAll(fs.createReadStream(args[0] as string, args[1] as object));
    case "createWriteStream":
      return writeStream(args[0], args[1], args[2]);
    case "umask":
      return process.umask(args[0] as number);
    case "chdir":
      return process.chdir(String(args[0]));
    case "mkdtemp":
      return temporaryFolder(root, style, args);
    case "mkdir":
      // Which folders were missing is not counted as read: docs/adr/0012.
      await invoke(style, name, args);
      return "made";
    case "opendir":
      return namesIn((await invoke(style, name, args)) as Dir);
    case "open":
      return useHandle(await invoke(style, name, args), uses, (value) => say(root, value));
    case "openAsBlob":
      return (await fs.openAsBlob(args[0] as string)).text();
    case "glob":
      return globbed(style, args);
    case "statfs":
      // What the disk has left is no part of a folder.
      await invoke(style, name, args);
      return "asked";
    default:
      return invoke(style, name, args);
  }
}

/** What one call came to: what it returned, or the code of its error. */
async function outcomeOf(root: string, call: Call): Promise<string> {
  try {
    return say(root, await resultOf(root, call));
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    // It looks at both places at once: either may be told.
    if (call.name === "cp" && call.style !== "sync") return "error of a copy";
    return `error ${code ?? name}`;
  }
}

/** Performs calls one after the other, from the folder in which programs work. */
export async function perform(root: string, calls: readonly Call[]): Promise<readonly string[]> {
  const [cwd, mask] = [process.cwd(), process.umask()];
  process.chdir(join(root, WORK));
  try {
    const outcomes: string[] = [];
    for (const call of calls) outcomes.push(await outcomeOf(root, call));
    return outcomes;
  } finally {
    process.umask(mask);
    process.chdir(cwd);
  }
}
