import { execFile } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import { SheafError } from "@sheaf/core";
import { remove } from "fs-extra/esm";
import { commandInside } from "./inside.ts";
import { type MountHost, openMountHost } from "./mount-host.ts";
import { probeCache } from "./probe-cache.ts";
import {
  misbehaves,
  NO_NSENTER,
  NOT_LINUX,
  unusableFolder,
  whyNoMount,
  whyNoNamespace,
} from "./probe-reasons.ts";
import type { OverlayVerdict } from "./probe-verdict.ts";
import { isMachineRoot } from "./user-namespace.ts";

export interface ProbeOptions {
  /** As in MountHostOptions. */
  readonly ffi?: boolean;
  /** Environment that is read instead of `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
}

const run = promisify(execFile);

// Two layers, so that what they show together is asked of the kernel too.
function makeFolders(home: string): void {
  for (const name of ["base/again", "layer", "upper", "work", "view"]) {
    mkdirSync(join(home, name), { recursive: true });
  }
  writeFileSync(join(home, "base/again/old"), "old");
  writeFileSync(join(home, "base/gone"), "gone");
  writeFileSync(join(home, "layer/edited"), "before\n");
}

const TASK = "echo after >> edited && rm gone && rm -r again && mkdir again && echo new > again/new";

const EXPECTED = [
  { path: "again/new", kind: "file" },
  { path: "again/old", kind: "gone" },
  { path: "edited", kind: "file" },
  { path: "gone", kind: "gone" },
];

async function tryMount(host: MountHost, home: string, env: NodeJS.ProcessEnv): Promise<OverlayVerdict> {
  const [upper, work, at] = ["upper", "work", "view"].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ];
  await host.mount({ lower: [join(home, "layer"), join(home, "base")], upper, work, at });
  const [program, ...args] = commandInside(host, at, ["sh", "-c", TASK]) as [string, ...string[]];
  try {
    await run(program, args, { env });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return NO_NSENTER;
    return misbehaves((error as Error).message.trim());
  }
  const changes = [...(await host.changes(at, upper))].sort((a, b) => (a.path < b.path ? -1 : 1));
  if (!isDeepStrictEqual(changes, EXPECTED)) return misbehaves(`it reports ${JSON.stringify(changes)}`);
  await host.unmount(at);
  const written = readFileSync(join(upper, "edited"), "utf8");
  if (written !== "before\nafter\n" || !lstatSync(join(upper, "gone")).isCharacterDevice()) {
    return misbehaves("its upper layer does not hold what was written");
  }
  return { ok: true, how: host.how, as: isMachineRoot() ? "root" : "user" };
}

async function probe(folder: string, options: ProbeOptions): Promise<OverlayVerdict> {
  let home: string;
  try {
    home = mkdtempSync(join(folder, "overlay-probe-"));
  } catch (error) {
    return unusableFolder(error as Error);
  }
  let host: MountHost | undefined;
  try {
    makeFolders(home);
    host = await openMountHost(options);
    return await tryMount(host, home, options.env ?? process.env);
  } catch (error) {
    if (!(error instanceof SheafError)) return unusableFolder(error as Error);
    return host === undefined
      ? whyNoNamespace(error, isMachineRoot())
      : whyNoMount(error, folder, isMachineRoot());
  } finally {
    await host?.close();
    await remove(home);
  }
}

/**
 * Tells whether overlays work on a folder, by doing it all once below it; some 100 ms. That they work is kept in
 * `$XDG_CACHE_HOME/sheaf` (else `~/.cache/sheaf`) for this boot, kernel, user, device of the folder and Node version.
 */
export async function probeOverlay(folder: string, options: ProbeOptions = {}): Promise<OverlayVerdict> {
  if (process.platform !== "linux") return NOT_LINUX;
  const { env = process.env } = options;
  const cache = probeCache(folder, options.ffi ?? env.SHEAF_NO_FFI !== "1", env);
  const known = cache.read();
  if (known !== undefined) return known;
  const verdict = await probe(folder, options);
  if (verdict.ok) cache.write(verdict);
  return verdict;
}
