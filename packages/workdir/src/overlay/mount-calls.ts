import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { getSystemErrorMap } from "node:util";
import type { MountWay } from "./mount-protocol.ts";
import { layerFolders, type OverlayLayers, overlayOptions } from "./overlay-options.ts";

/** Mounts and unmounts in the namespace of this process. Both reject with an error whose `code` is an errno's name. */
export interface MountCalls {
  readonly how: MountWay;
  overlay(layers: OverlayLayers, at: string): Promise<void>;
  unmount(at: string): Promise<void>;
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

async function ffiCalls(root: boolean): Promise<MountCalls> {
  const koffi = (await import("koffi")).default;
  const libc = koffi.load(null);
  const mount = libc.func("int mount(const char *, const char *, const char *, unsigned long, const char *)");
  const umount = libc.func("int umount2(const char *, int)");
  const check = (call: string, returned: number): void => {
    if (returned >= 0) return;
    const errno = koffi.errno();
    const [code, says] = getSystemErrorMap().get(-errno) ?? [undefined, "unknown error"];
    throw failed(`${call} said ${code ?? errno} (${says})`, code);
  };
  return {
    how: "ffi",
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
      const what = said.trim().replaceAll(/\s*\n\s*/g, " ");
      reject(
        failed(
          what || `\`${program}\` ended with exit code ${exit}`,
          /busy/.test(said) ? "EBUSY" : undefined,
        ),
      );
    });
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
