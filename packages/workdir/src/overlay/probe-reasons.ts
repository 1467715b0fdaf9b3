// Turns what went wrong into what a person can do about it.
import { readFileSync, statfsSync } from "node:fs";
import { release } from "node:os";
import type { SheafError } from "@sheaf/core";
import type { OverlayVerdict } from "./probe-verdict.ts";

export type BadVerdict = OverlayVerdict & { readonly ok: false };

const bad = (why: string, remedy: string): BadVerdict => ({ ok: false, why, remedy });

/** What `statfs` calls file systems that carry no upper layer. */
const NO_UPPER: { readonly [type: number]: string } = {
  2035054128: "overlayfs",
  26985: "NFS",
  1702057286: "a FUSE file system",
  16914839: "9p",
  4283649346: "SMB",
  4266872130: "SMB",
  19780: "FAT",
};

const ON_A_DISK = "choose a SHEAF_HOME on a local disk or in memory";
const ALLOW_MOUNTS =
  "allow it, for a container with --cap-add SYS_ADMIN and a seccomp and AppArmor profile that let it mount";

function setting(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, "utf8").trim();
  } catch {
    return undefined; // this kernel has no such setting
  }
}

const SWITCHES: readonly { readonly path: string; readonly off: string; readonly remedy: string }[] = [
  { path: "kernel/unprivileged_userns_clone", off: "0", remedy: "sysctl kernel.unprivileged_userns_clone=1" },
  { path: "user/max_user_namespaces", off: "0", remedy: "sysctl user.max_user_namespaces=10000" },
  {
    path: "kernel/apparmor_restrict_unprivileged_userns",
    off: "1",
    remedy: "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile that allows them",
  },
];

/** Says why no namespace could be opened. `read` returns a setting below /proc/sys. */
export function whyNoNamespace(error: Error, root: boolean, read: typeof setting = setting): BadVerdict {
  const { cause, message } = error;
  if ((cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
    return bad("`unshare` is not installed", "install util-linux");
  }
  if (/kill-child|propagation|unrecognized option/.test(message)) {
    return bad("`unshare` is too old", "install util-linux 2.32 or newer");
  }
  if (root) return bad(`root may not make a mount namespace here (${message})`, ALLOW_MOUNTS);
  for (const { path, off, remedy } of SWITCHES) {
    if (read(path) === off) return bad("unprivileged user namespaces are switched off", remedy);
  }
  return bad(`user namespaces cannot be made here (${message})`, ALLOW_MOUNTS);
}

const isUnsupported = (kernel: string): boolean => {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  return major < 5 || (major === 5 && minor < 11);
};

/** Says why a mount in `folder` failed. */
export function whyNoMount(error: SheafError, folder: string, root: boolean): BadVerdict {
  const type = NO_UPPER[statfsSync(folder).type >>> 0];
  if (type !== undefined) return bad(`the folder lies on ${type}`, ON_A_DISK);
  const problem = error.code === "MOUNT_FAILED" ? (error as SheafError<"MOUNT_FAILED">).details : undefined;
  if (problem?.errno === "ENODEV" || /unknown filesystem type/.test(problem?.problem ?? "")) {
    return bad("the kernel has no overlayfs", "modprobe overlay");
  }
  if (problem?.errno === "ENOENT" && /spawn/.test(problem.problem)) {
    return bad("`mount` is not installed", "install util-linux, or koffi, which needs no `mount`");
  }
  if (!root && isUnsupported(release())) {
    return bad("this kernel lets only root mount overlays", "use Linux 5.11 or newer");
  }
  return bad(`overlays cannot be mounted here (${problem?.problem ?? error.message})`, ALLOW_MOUNTS);
}

/** Says that mounts can be made but do not do what they should. */
export const misbehaves = (how: string): BadVerdict =>
  bad(`an overlay on the folder does not do what it should: ${how}`, ON_A_DISK);

/** Says that the folder cannot be written to. */
export const unusableFolder = (error: Error): BadVerdict =>
  bad(`the folder cannot be used (${error.message})`, "choose a SHEAF_HOME that can be written to");

export const NOT_LINUX: BadVerdict = bad(
  "overlays are a thing of Linux",
  "nothing is needed: views are filled by copies or links",
);

export const NO_NSENTER: BadVerdict = bad("`nsenter` is not installed", "install util-linux");
