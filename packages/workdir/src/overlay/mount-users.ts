// Who uses a mount, from /proc. Processes that may not be looked at are of another user and cannot be inside.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const SELF = "self";

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // the process has ended, or is somebody else's
  }
}

function pids(): readonly number[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** Returns what names the mount namespace of a process, or `undefined` where it cannot be told. */
export function mountNamespace(pid: number | typeof SELF = SELF): string | undefined {
  return tryRead(() => readlinkSync(`/proc/${pid}/ns/mnt`));
}

/** Returns a device as /proc writes it. @example deviceName(0x100023) // "0:291" */
export function deviceName(device: number): string {
  return `${(device >>> 8) & 0xfff}:${(device & 0xff) | ((device >>> 12) & 0xfff00)}`;
}

const named = (pid: number): string =>
  `process ${pid} (${tryRead(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "ended"})`;

const isBelow = (path: string | undefined, folder: string): boolean =>
  path !== undefined && (path === folder || path.startsWith(`${folder}/`));

function hold(pid: number, folder: string): string | undefined {
  const link = (name: string): boolean =>
    isBelow(
      tryRead(() => readlinkSync(`/proc/${pid}/${name}`)),
      folder,
    );
  if (link("cwd")) return "works in it";
  if (link("root")) return "has its root in it";
  if (link("exe")) return "was started from it";
  const open = tryRead(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  if (open.some((descriptor) => link(`fd/${descriptor}`))) return "has something open in it";
  const maps = tryRead(() => readFileSync(`/proc/${pid}/maps`, "utf8")) ?? "";
  // The sixth field of a line is the mapped path.
  if (maps.split("\n").some((line) => isBelow(line.slice(line.indexOf("/")), folder))) return "has mapped it";
  return undefined;
}

function mountsOf(pid: number): readonly (readonly string[])[] {
  const text = tryRead(() => readFileSync(`/proc/${pid}/mountinfo`, "utf8")) ?? "";
  return text.split("\n").map((line) => line.split(" "));
}

/** Returns a phrase for each process of this namespace that keeps a folder from being unmounted, and each mount in it. */
export function holdersOf(folder: string): readonly string[] {
  const own = mountNamespace();
  const holders: string[] = [];
  for (const pid of pids()) {
    if (mountNamespace(pid) !== own) continue;
    const how = hold(pid, folder);
    if (how !== undefined) holders.push(`${named(pid)} ${how}`);
  }
  for (const [, , , , point] of mountsOf(process.pid)) {
    if (point !== undefined && point !== folder && isBelow(point, folder))
      holders.push(`a mount at ${point}`);
  }
  return holders;
}

// Namespaces besides this one, each with its processes. Most machines have a handful.
function otherNamespaces(): ReadonlyMap<string, readonly number[]> {
  const own = mountNamespace();
  const others = new Map<string, number[]>();
  for (const pid of pids()) {
    const namespace = mountNamespace(pid);
    if (namespace === undefined || namespace === own) continue;
    const members = others.get(namespace);
    if (members === undefined) others.set(namespace, [pid]);
    else members.push(pid);
  }
  return others;
}

// The first members of a namespace may end while they are looked at.
function inCopies(devices: ReadonlySet<string>): readonly number[] {
  return [...otherNamespaces().values()].flatMap((members) => {
    for (const pid of members) {
      const mounts = mountsOf(pid);
      if (mounts.length > 1) return mounts.some(([, , device]) => devices.has(device!)) ? members : [];
    }
    return [];
  });
}

/**
 * Returns a phrase for each process that has a copy of a mount in a namespace of its own: an unmount here would
 * succeed and the process could write on.
 */
export function copiesOf(device: string): readonly string[] {
  const devices = new Set([device]);
  // Who starts another process and ends while the first look is taken is found by the second.
  const pids = [...inCopies(devices), ...inCopies(devices)];
  return [...new Set(pids)].map((pid) => `${named(pid)} has a private copy of it`);
}

/** Kills every other process of this namespace, and those that took copies of these mounts elsewhere. */
export function killInsiders(devices: ReadonlySet<string>): void {
  const own = mountNamespace();
  const spared = new Set([process.pid, process.ppid]);
  // A process may start another one while it is looked for.
  for (let round = 0; round < 100; round++) {
    const here = pids().filter((pid) => !spared.has(pid) && mountNamespace(pid) === own);
    const inside = [...here, ...inCopies(devices)];
    if (inside.length === 0) return;
    for (const pid of inside) tryRead(() => process.kill(pid, "SIGKILL"));
  }
}
