// Mount hosts of other users: a small engine is started as the user, and driven from the test, which is root.
import { type ChildProcess, execFileSync, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Files, tempDir, writeFiles } from "@sheaf/testkit";
import type { MountHost, MountHostOptions, OverlayVerdict } from "@sheaf/workdir";

const DRIVER = fileURLToPath(new URL("../fixtures/mount-host-driver.mjs", import.meta.url));
const NOBODY = 65_534;
const ownUid = process.getuid?.() ?? 0;

/** Options of a child process that make it this user's. */
export const identity = (uid: number): object => (uid === ownUid ? {} : { uid, gid: uid });

/** Returns what the probe says to a user about a folder. */
export function probeAs(uid: number, folder: string, options: object = {}): OverlayVerdict {
  const args = [DRIVER, "--probe", folder, JSON.stringify(options)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", ...identity(uid), cwd: "/" }));
}

/** A folder that belongs to a user, with layers in it. */
export interface Place {
  readonly path: string;
  at(...parts: readonly string[]): string;
  /** Makes the folders of one view, and returns the request for a mount over these lower folders. */
  view(name: string, lower: readonly string[]): { lower: string[]; upper: string; work: string; at: string };
  /** Writes files that belong to the user. */
  write(folder: string, files: Files): void;
  [Symbol.dispose](): void;
}

export function placeOf(uid: number): Place {
  const dir = tempDir();
  chmodSync(dir.path, 0o755);
  const at = (...parts: readonly string[]): string => join(dir.path, ...parts);
  const give = (path: string): void => {
    if (uid !== ownUid) spawnSync("chown", ["-R", `${uid}:${uid}`, path]);
  };
  give(dir.path);
  return {
    path: dir.path,
    at,
    view(name, lower) {
      const [upper, work, view] = ["upper", "work", "view"].map((part) => at(name, part)) as [
        string,
        string,
        string,
      ];
      for (const folder of [upper, work, view]) mkdirSync(folder, { recursive: true });
      give(at(name));
      return { lower: lower.map((layer) => at(layer)), upper, work, at: view };
    },
    write(folder, files) {
      mkdirSync(at(folder), { recursive: true });
      writeFiles(at(folder), files);
      give(at(folder));
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

export interface DrivenHost extends MountHost {
  /** The process that plays the engine. */
  readonly engine: ChildProcess;
  /** Runs a command to its end as the same user, for example what `commandInside` returns. */
  run(argv: readonly string[]): {
    readonly status: number | null;
    readonly out: string;
    readonly err: string;
  };
  [Symbol.asyncDispose](): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: Error;
}

/** Starts an engine with a mount host as a user. */
export async function hostAs(uid: number, options: MountHostOptions = {}): Promise<DrivenHost> {
  const settings = { ...identity(uid), cwd: "/", serialization: "advanced" as const, execArgv: [] };
  const engine = fork(DRIVER, [JSON.stringify(options)], settings);
  const waiting = new Map<number, (answer: Answer | Error) => void>();
  engine.on("message", (answer: Answer) => waiting.get(answer.id)?.(answer));
  engine.once("exit", () => {
    for (const take of waiting.values()) take(new Error("the engine of the test has ended"));
  });
  const hear = (id: number): Promise<Answer> =>
    new Promise((resolve, reject) => {
      waiting.set(id, (answer) => {
        waiting.delete(id);
        if (answer instanceof Error) reject(answer);
        else if (answer.error === undefined) resolve(answer);
        else reject(Object.assign(new Error(answer.error.message), answer.error));
      });
    });
  let next = 0;
  const { enter, how } = (await hear(next++)).value as Pick<MountHost, "enter" | "how">;
  const call = async (name: string, ...args: readonly unknown[]): Promise<never> => {
    const id = next++;
    engine.send({ id, call: name, args });
    return (await hear(id)).value as never;
  };
  return {
    engine,
    enter,
    how,
    mount: (request) => call("mount", request),
    changes: (at, upper) => call("changes", at, upper),
    unmount: (at) => call("unmount", at),
    bind: (from, at) => call("bind", from, at),
    room: (request) => call("room", request),
    leave: (at) => call("leave", at),
    close: () => call("close"),
    run([program, ...args]) {
      const { status, stdout, stderr } = spawnSync(program!, args, { encoding: "utf8", ...identity(uid) });
      return { status, out: stdout, err: stderr };
    },
    async [Symbol.asyncDispose]() {
      if (engine.exitCode !== null || engine.signalCode !== null) return;
      const gone = once(engine, "exit");
      engine.disconnect();
      await gone;
    },
  };
}

/** Users that overlays are tested as; `skip` says why one cannot be. */
export function users(): readonly { readonly who: string; readonly uid: number; readonly skip: boolean }[] {
  const known = [
    { who: "root", uid: 0, cannot: whyNotRoot() },
    { who: "an ordinary user", uid: ownUid === 0 ? NOBODY : ownUid, cannot: null },
  ];
  return known.map(({ who, uid, cannot }) => {
    if (cannot !== null) return { who: `${who} (skipped: ${cannot})`, uid, skip: true };
    using place = placeOf(uid);
    const why = refusal(uid, place.path);
    return why === undefined
      ? { who, uid, skip: false }
      : { who: `${who} (skipped: ${why})`, uid, skip: true };
  });
}

function whyNotRoot(): string | null {
  if (ownUid !== 0) return "the tests do not run as root";
  // Mounts are the kernel's, whichever Node asks for them.
  return process.env.TEST_AGAIN === "1" ? "an earlier test run has done so" : null;
}

// What the machine forbids is no fault of the code; a mount that is refused as wrong, or does the wrong thing, is.
const OUR_FAULT = /does not do what it should|EINVAL/;

function refusal(uid: number, folder: string): string | undefined {
  let verdict: OverlayVerdict;
  try {
    verdict = probeAs(uid, folder, { env: { PATH: process.env.PATH } });
  } catch (error) {
    if (uid === ownUid || !/EACCES|ERR_MODULE_NOT_FOUND/.test(String(error))) throw error;
    return "this user cannot read the checkout";
  }
  if (verdict.ok) return undefined;
  if (OUR_FAULT.test(verdict.why)) throw new Error(verdict.why);
  return verdict.why;
}
