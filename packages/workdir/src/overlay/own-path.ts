import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, realpathSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../cache-folder.ts";
import { type MountHost, openMountHost } from "./mount-host.ts";
import { asSelf } from "./own-identity.ts";

const run = promisify(execFile);

/** Whether a process can see its view at the shared directory's own path, and if not, why, in words after "as". */
export type OwnPath =
  /** `behind` is where the live directory, which the view covers, is seen instead. */
  { readonly ok: true; readonly behind: string } | { readonly ok: false; readonly why: string };

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === "/" ? path : join(realPath(dirname(path)), path.slice(dirname(path).length));
  }
}

// The same for every run of the directory, which one run holds at a time.
function makeBehind(dir: string): string | null {
  const cache = cacheFolder((path) => !isWithin(realPath(path), dir));
  if (cache === null) return null;
  const name = createHash("sha256").update(dir).digest("hex").slice(0, 16);
  const folder = join(realpathSync(cache), `behind-${name}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Removes the folder at which the live directory was seen inside, and which is empty outside. */
export function removeBehind(behind: string): void {
  try {
    rmdirSync(behind);
  } catch {
    // Nothing is lost by an empty folder that stays.
  }
}

/**
 * Shows the live directory of a host's namespace at another place, and tries one room that covers its own.
 *
 * @param dir real path of the shared directory
 * @param self as `asSelf` returned it
 */
export async function openOwnPath(host: MountHost, dir: string, self: readonly string[]): Promise<OwnPath> {
  let behind: string | null = null;
  try {
    behind = makeBehind(dir);
    if (behind === null) return { ok: false, why: "no folder of this user's lies outside of the directory" };
    await host.bind(dir, behind);
    const enter = await host.room({ at: behind, dir, frozen: [] });
    const [program, ...args] = [...enter, ...self, "test", "-d", dir];
    await run(program!, args);
    await host.leave(behind);
    return { ok: true, behind };
  } catch (error) {
    if (behind !== null) removeBehind(behind);
    const what = (error as Error).message.trim().replaceAll(/\s+/g, " ");
    return { ok: false, why: `a view cannot be mounted over the directory (${what})` };
  }
}

/** Tells whether processes can see their views at a directory's own path, by trying; leaves nothing behind. */
export async function probeOwnPath(dir: string): Promise<OwnPath> {
  const host = await openMountHost();
  try {
    const self = await asSelf(host);
    if ("ok" in self) return { ok: false, why: self.ok ? "" : self.why };
    const ownPath = await openOwnPath(host, dir, self);
    return ownPath;
  } finally {
    await host.close();
  }
}
