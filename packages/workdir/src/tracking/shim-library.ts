import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheFolder, cacheFolders } from "../cache-folder.ts";

/** Where the library is, or why this machine has none, in one sentence. */
export type TrackShim = { readonly library: string } | { readonly missing: string };

const SOURCES = fileURLToPath(new URL("../../native", import.meta.url));
const COMPILERS = ["cc", "gcc", "clang"];
// glibc declares paths as never null; without the second flag the compiler drops the checks for those that are.
const FLAGS = ["-O2", "-shared", "-fPIC", "-fno-delete-null-pointer-checks", "-w"];
/** The longest that the compiler or the proof may take, in ms. */
const PATIENCE_MS = 60_000;
/** What separates the entries of LD_PRELOAD. */
const SEPARATORS = /[\s:]/;

const start = promisify(execFile);

class Missing extends Error {}

const firstLine = (text: string): string => text.trim().split("\n", 1)[0]!.replace(/\.$/, "");

function because(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr ?? "").split("\n");
  return firstLine(lines.find((line) => line.includes("error")) || stderr || message);
}

async function findCompiler(): Promise<{ name: string; version: string }> {
  for (const name of COMPILERS) {
    try {
      const { stdout } = await start(name, ["--version"], { timeout: PATIENCE_MS });
      return { name, version: stdout };
    } catch {
      // Not this one: the next may be there.
    }
  }
  throw new Missing(`There is no C compiler (${COMPILERS.join(", ")}) to build the tracker with.`);
}

function libraryFolder(): string {
  const folder = cacheFolder((path) => !SEPARATORS.test(path));
  if (folder === null) {
    throw new Missing(`The tracker has no folder to be kept in: ${cacheFolders().join(", ")}.`);
  }
  return folder;
}

async function build(): Promise<string> {
  const compiler = await findCompiler();
  const hash = createHash("sha256").update(`${compiler.version}\0${process.arch}\0${FLAGS.join(" ")}\0`);
  for (const name of readdirSync(SOURCES).sort()) hash.update(readFileSync(join(SOURCES, name))).update("\0");
  const folder = libraryFolder();
  const library = join(folder, `track-${hash.digest("hex").slice(0, 32)}.so`);
  if (existsSync(library)) return library;
  const workshop = mkdtempSync(join(folder, "build-"));
  try {
    const made = join(workshop, "track.so");
    await start(compiler.name, [...FLAGS, "-o", made, join(SOURCES, "track-shim.c"), "-ldl"], {
      timeout: PATIENCE_MS,
    });
    renameSync(made, library);
    return library;
  } catch (error) {
    throw new Missing(`The tracker could not be built with ${compiler.name}: ${because(error)}.`);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** Tracks a shell that looks for one file and reads another, and requires both in the log. */
async function prove(library: string): Promise<void> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "sheaf-track-")));
  try {
    const [root, log] = [join(place, "root"), join(place, "log")];
    mkdirSync(root);
    writeFileSync(join(root, "y"), "seen\n");
    writeFileSync(log, "");
    await start("sh", ["-c", "test -e x; cat y"], {
      cwd: root,
      env: { ...process.env, ...trackEnvironment(library, log, root) },
      timeout: PATIENCE_MS,
    });
    const records = readFileSync(log, "utf8").split("\0");
    const looked = ["s", "e"].some((letter) => records.includes(`${letter}${root}/x`));
    if (!looked || !records.includes(`c${root}/y`)) {
      throw new Missing("The tracker does not see what a shell reads here.");
    }
  } catch (error) {
    if (error instanceof Missing) throw error;
    throw new Missing(`The tracker keeps programs from running here: ${because(error)}.`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function makeShim(): Promise<TrackShim> {
  if (process.platform !== "linux") return { missing: "The tracker of subprocesses needs Linux." };
  try {
    const library = await build();
    await prove(library);
    return { library };
  } catch (error) {
    if (error instanceof Missing) return { missing: error.message };
    return { missing: `The tracker could not be set up: ${because(error)}.` };
  }
}

let shim: Promise<TrackShim> | undefined;

/**
 * Returns the library that writes down what subprocesses read, built with the machine's C compiler the first time.
 *
 * It is kept in the user's cache folder and proved on a real shell once per process. A machine without Linux, glibc
 * or a C compiler has none; that is no error.
 */
export function trackShim(): Promise<TrackShim> {
  shim ??= makeShim();
  return shim;
}

/**
 * Returns the variables that have a subprocess, and all that it starts, tracked.
 *
 * @param log absolute path of the log. It must exist: a log that is gone means that nothing is known.
 * @param root absolute path of the folder that is watched, or several with ":" between them.
 */
export function trackEnvironment(library: string, log: string, root: string): Record<string, string> {
  const others = process.env.LD_PRELOAD;
  return {
    LD_PRELOAD: others === undefined || others === "" ? library : `${others}:${library}`,
    SHEAF_TRACK_LOG: log,
    SHEAF_TRACK_ROOT: root,
    SHEAF_TRACK_COVERED: "1",
  };
}
