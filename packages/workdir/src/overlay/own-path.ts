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

function makeBehind(dir: string, suffix: string): string | null {
  const cache = cacheFolder((path) => !isWithin(realPath(path), dir));
  if (cache === null) return null;
  const name = createHash("sha256").update(dir).digest("hex").slice(0, 16);
  const folder = join(realpathSync(cache), `behind-${name}${suffix}`);
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

const inWords = (error: unknown): string => (error as Error).message.trim().replaceAll(/\s+/g, " ");

async function open(
  host: MountHost,
  { dir, self, behind }: { readonly dir: string; readonly self: readonly string[]; readonly behind: string },
): Promise<OwnPath> {
  try {
    await host.bind(dir, behind);
    const enter = await host.room({ at: behind, dir, frozen: [] });
    const [program, ...args] = [...enter, ...self, "test", "-d", dir];
    await run(program!, args);
    await host.leave(behind);
    return { ok: true, behind };
  } catch (error) {
    removeBehind(behind);
    return { ok: false, why: `a view cannot be mounted over the directory (${inWords(error)})` };
  }
}

const NOWHERE: OwnPath = {
  ok: false,
  why: "no folder that only this user can write lies outside of the directory",
};

/**
 * Shows the live directory of a host's namespace at a place that is the same in every run, and tries one room.
 *
 * @param dir real path of the shared directory, which one run holds at a time
 * @param self as `asSelf` returned it
 */
export async function openOwnPath(host: MountHost, dir: string, self: readonly string[]): Promise<OwnPath> {
  const behind = makeBehind(dir, "");
  return behind === null ? NOWHERE : open(host, { dir, self, behind });
}

/** Tells whether processes can see their views at a directory's own path, by trying; leaves nothing behind. */
export async function probeOwnPath(dir: string): Promise<OwnPath> {
  // To remove a folder takes away what others have mounted on it, so the one of a run is left alone.
  const behind = makeBehind(dir, `-${process.pid}`);
  if (behind === null) return NOWHERE;
  try {
    const host = await openMountHost();
    try {
      const self = await asSelf(host);
      return "ok" in self ? { ok: false, why: self.why } : await open(host, { dir, self, behind });
    } finally {
      await host.close();
    }
  } catch (error) {
    return { ok: false, why: inWords(error) };
  } finally {
    removeBehind(behind);
  }
}
