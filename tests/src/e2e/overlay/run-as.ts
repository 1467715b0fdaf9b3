// Runs as some user, in a process of their own.
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Files, tempDir, writeFiles } from "@sheaf/testkit";

const RUN_AS = fileURLToPath(new URL("../fixtures/run-as.mjs", import.meta.url));

export interface Report {
  readonly status: string;
  readonly workdir: { readonly rung: string; readonly stagedFiles: number };
  readonly guarantee: { readonly level: string };
  readonly tasks: Readonly<
    Record<
      string,
      {
        outcome: string;
        output?: unknown;
        attempts: number;
        failure: { error: { message: string } } | null;
      }
    >
  >;
  readonly fallbacks: readonly string[];
  /** Of the staging event. */
  readonly why: string;
  readonly runDir: string;
}

export interface HowToRun {
  /** Put before the command line. */
  readonly prefix?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs tasks as a user, who is root until all modules are loaded. */
export async function runAs(uid: number, request: object, how: HowToRun = {}): Promise<Report> {
  const { prefix = [], env = {} } = how;
  const [program, ...args] = [...prefix, process.execPath, RUN_AS, String(uid), JSON.stringify(request)];
  const options = { maxBuffer: 2 ** 28, cwd: "/", env: { ...process.env, ...env } };
  const { stdout } = await promisify(execFile)(program!, args, options);
  return JSON.parse(stdout) as Report;
}

/** Two equal folders of a user, in one that goes when the test is over. */
export function places(uid: number, files: Files) {
  const place = tempDir();
  chmodSync(place.path, 0o755);
  const [plain, shared] = [join(place.path, "plain"), join(place.path, "shared")];
  for (const root of [plain, shared]) {
    mkdirSync(root);
    writeFiles(root, files);
  }
  spawnSync("chown", ["-Rh", `${uid}:${uid}`, place.path]);
  return { path: place.path, plain, shared, [Symbol.dispose]: () => place[Symbol.dispose]() };
}
