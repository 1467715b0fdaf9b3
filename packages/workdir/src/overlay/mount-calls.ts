import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { getSystemErrorMap } from "node:util";
import type { MountWay, RoomRequest } from "./mount-protocol.ts";
import { layerFolders, type OverlayLayers, overlayOptions } from "./overlay-options.ts";

/** Mounts and unmounts in the namespace of this process. Both reject with an error whose `code` is an errno's name. */
export interface MountCalls {
  readonly how: MountWay;
  overlay(layers: OverlayLayers, at: string): Promise<void>;
  unmount(at: string): Promise<void>;
  /** Shows a folder, with all that is mounted in it, at another one too. */
  bind(from: string, at: string): Promise<void>;
  /**
   * Makes a copy of the namespace with what a room shows, and returns a descriptor that keeps it.
   *
   * @param others what is mounted there, perhaps, and not in the room, which would keep it from being unmounted
   */
  room(request: RoomRequest, others: readonly string[]): Promise<number>;
}

async function withOpen<T>(
  folders: readonly string[],
  use: (descriptors: readonly number[]) => T | Promise<T>,
): Promise<T> {
  const open: number[] = [];
  try {
    for (const folder of folders) open.push(openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY));
    return await use(open);
  } finally {
    for (const descriptor of open) closeSync(descriptor);
  }
}

function failed(what: string, code: string | undefined): Error {
  return Object.assign(new Error(what), code === undefined ? {} : { code });
}

const CLONE_NEWNS = 0x20000;
const [MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC] = [1, 32, 4_096, 16_384];
const BIND = MS_BIND | MS_REC;

/** Number of mount_setattr(2), the same on all machines; since Linux 5.12. */
const MOUNT_SETATTR = 442;
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
/** `struct mount_attr` that sets MOUNT_ATTR_RDONLY. */
const READ_ONLY = Buffer.from(BigUint64Array.of(1n, 0n, 0n, 0n).buffer);

async function ffiCalls(root: boolean): Promise<MountCalls> {
  const koffi = (await import("koffi")).default;
  const libc = koffi.load(null);
  const mount = libc.func("int mount(const char *, const char *, const char *, unsigned long, const char *)");
  const umount = libc.func("int umount2(const char *, int)");
  const unshare = libc.func("int unshare(int)");
  const setns = libc.func("int setns(int, int)");
  const syscall = libc.func("long syscall(long, ...)");
  const check = (call: string, returned: number): void => {
    if (returned >= 0) return;
    const errno = koffi.errno();
    const [code, says] = getSystemErrorMap().get(-errno) ?? [undefined, "unknown error"];
    throw failed(`${call} said ${code ?? errno} (${says})`, code);
  };
  const bind = (from: string, at: string): void => check("mount(2)", mount(from, at, "", BIND, null));
  const protect = (at: string): void => {
    const attributes = ["int", AT_FDCWD, "str", at, "int", AT_RECURSIVE, "void *", READ_ONLY];
    if (syscall(MOUNT_SETATTR, ...attributes, "size_t", READ_ONLY.byteLength) === 0) return;
    check("mount(2)", mount("", at, "", MS_REMOUNT | MS_BIND | MS_RDONLY, null));
  };
  const home = openSync("/proc/self/ns/mnt", constants.O_RDONLY);
  return {
    how: "ffi",
    bind: async (from, at) => bind(from, at),
    // Nothing else runs in this thread meanwhile, and the others stay where they are.
    room: async ({ at, dir, frozen }, others) => {
      check("unshare(2)", unshare(CLONE_NEWNS));
      try {
        for (const other of others) umount(other, 0);
        for (const { path, target } of frozen) {
          bind(target, join(at, path));
          protect(join(at, path));
        }
        bind(at, dir);
        return openSync("/proc/thread-self/ns/mnt", constants.O_RDONLY);
      } finally {
        // In a namespace that is not its own this process would be of no use to anybody.
        if (setns(home, CLONE_NEWNS) !== 0) process.abort();
      }
    },
    overlay: (layers, at) =>
      withOpen(layerFolders(layers), (open) => {
        const options = overlayOptions(layers, open, { root });
        check("mount(2)", mount("overlay", at, "overlay", 0, options));
      }),
    unmount: async (at) => check("umount2(2)", umount(at, 0)),
  };
}

/** First descriptor that a started program finds beyond the usual three. */
const FIRST_OPEN = 3;

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, " ");

function start(program: string, args: readonly string[], open: readonly number[] = []): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: "C" };
    const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe", ...open] });
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.once("error", (error: NodeJS.ErrnoException) => reject(failed(error.message, error.code)));
    child.once("close", (exit) => {
      if (exit === 0) return resolve();
      const what = oneLine(said);
      reject(
        failed(
          what || `\`${program}\` ended with exit code ${exit}`,
          /busy/.test(said) ? "EBUSY" : undefined,
        ),
      );
    });
  });
}

const ROOM = `
dir=$1 at=$2 others=$3; shift 3
while [ "$others" -gt 0 ]; do umount -n -- "$1" 2> /dev/null; others=$((others - 1)); shift; done
while [ $# -gt 0 ]; do
  mount -n --rbind -- "$2" "$at/$1" && mount -n -o remount,bind,ro -- "$at/$1" || exit 1
  shift 2
done
mount -n --rbind -- "$at" "$dir" && echo && read -r _`;

// A namespace lives as long as a process is in it, or a descriptor of it is open.
function programRoom({ at, dir, frozen }: RoomRequest, others: readonly string[]): Promise<number> {
  const own = ["-m", "--propagation", "private", "--", "sh", "-c", ROOM, "sh"];
  const folders = frozen.flatMap(({ path, target }) => [path, target]);
  return new Promise((resolve, reject) => {
    const child = spawn("unshare", [...own, dir, at, String(others.length), ...others, ...folders], {
      env: { ...process.env, LC_ALL: "C" },
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.once("error", (error: NodeJS.ErrnoException) => reject(failed(error.message, error.code)));
    child.stdout.once("data", () => {
      try {
        resolve(openSync(`/proc/${child.pid}/ns/mnt`, constants.O_RDONLY));
      } catch (error) {
        reject(error);
      }
      child.stdin.end();
    });
    child.once("close", () => reject(failed(oneLine(said) || "`unshare` made no namespace", undefined)));
  });
}

const commandCalls = (root: boolean): MountCalls => ({
  how: "mount",
  overlay: (layers, at) =>
    withOpen(layerFolders(layers), (open) => {
      const theirs = open.map((_, i) => FIRST_OPEN + i);
      const options = overlayOptions(layers, theirs, { root });
      return start("mount", ["-n", "-t", "overlay", "-o", options, "overlay", at], open);
    }),
  unmount: (at) => start("umount", ["-n", at]),
  bind: (from, at) => start("mount", ["-n", "--rbind", "--", from, at]),
  room: programRoom,
});

/** Returns the fastest way to mount that there is: `ffi` false leaves the foreign function interface out. */
export async function mountCalls(options: {
  readonly ffi: boolean;
  readonly root: boolean;
}): Promise<MountCalls> {
  if (!options.ffi) return commandCalls(options.root);
  try {
    return await ffiCalls(options.root);
  } catch {
    // koffi is optional: not installed, or not built for this machine.
    return commandCalls(options.root);
  }
}
