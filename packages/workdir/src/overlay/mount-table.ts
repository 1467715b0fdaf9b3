// Owns the overlays of one namespace. Runs inside it.
//
// M1. A folder is the upper or the work of one mount at a time: the kernel would let two write there at once.
// M2. An unmount that succeeds leaves nobody who could write to the upper, here or in a copy of the namespace.
// M3. A room is kept until its mount is taken away, or for as long as a process is in it.
// M4. What the kernel keeps in `work` can be removed by an ordinary user, whatever becomes of this process.
import { chmodSync, closeSync, lstatSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { MountCalls } from "./mount-calls.ts";
import type { HostProblem, OverlayChange, OverlayRequest, RoomRequest } from "./mount-protocol.ts";
import { copiesOf, deviceName, holdersOf } from "./mount-users.ts";
import { overlayChanges } from "./overlay-changes.ts";

export interface MountTable {
  mount(request: OverlayRequest): Promise<void>;
  changes(at: string, upper: string): Promise<OverlayChange[]>;
  unmount(at: string): Promise<void>;
  bind(from: string, at: string): Promise<void>;
  /** Returns the path of a file that stands for the room's namespace. */
  room(request: RoomRequest): Promise<string>;
  /** Keeps the room of a folder no longer. */
  leave(at: string): void;
  /** Devices of all that is mounted, as /proc writes them. */
  devices(): ReadonlySet<string>;
}

/** Most layers of one mount. */
const MOST_LOWER = 64;

/** What a call of the table rejects with. */
export class MountProblem extends Error {
  readonly problem: HostProblem;

  constructor(problem: HostProblem) {
    super(problem.kind);
    this.problem = problem;
  }
}

const failed = (at: string, problem: string, errno: string | null = null): MountProblem =>
  new MountProblem({ kind: "failed", at, problem, errno });

async function attempt<T>(at: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MountProblem) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw failed(at, message, code ?? null);
  }
}

// The kernel makes its folders in `work` without any permission.
function openWork(work: string): void {
  for (const folder of ["work", "work/incompat", "work/incompat/volatile"]) {
    try {
      chmodSync(join(work, folder), 0o700);
    } catch {
      // A kernel without `volatile` makes only the first.
    }
  }
}

/** Returns the path by which others reach the namespace that a descriptor of this process stands for. */
export const namespaceFile = (descriptor: number): string => `/proc/${process.pid}/fd/${descriptor}`;

interface Mounted extends OverlayRequest {
  readonly device: string;
}

interface RoomTable {
  open(request: RoomRequest): Promise<string>;
  leave(at: string): void;
}

/** @param mounts returns where something is mounted, or about to be */
function roomTable(calls: MountCalls, mounts: () => Iterable<string>): RoomTable {
  const rooms = new Map<string, number>();
  const leave = (at: string): void => {
    const descriptor = rooms.get(at);
    rooms.delete(at);
    if (descriptor !== undefined) closeSync(descriptor);
  };
  return {
    leave,
    async open(request) {
      leave(request.at);
      const own = realpathSync(request.at);
      const others = [...mounts()].filter((at) => at !== own);
      const descriptor = await calls.room(request, others);
      rooms.set(request.at, descriptor);
      return namespaceFile(descriptor);
    },
  };
}

/** Returns the table of a namespace in which nothing is mounted by us yet. */
export function mountTable(calls: MountCalls): MountTable {
  const table = new Map<string, Mounted>();
  const taken = new Map<string, string>();
  const rooms = roomTable(calls, () => taken.keys());

  const find = (at: string): Mounted => {
    const mounted = table.get(realpathSync(at));
    if (mounted === undefined) throw failed(at, "nothing is mounted there");
    return mounted;
  };

  const take = (folders: readonly string[], at: string): void => {
    for (const folder of folders) {
      const by = taken.get(folder);
      if (by !== undefined) throw failed(at, `${folder} is in use by the mount at ${by}`);
    }
    for (const folder of folders) taken.set(folder, at);
  };
  const giveBack = (folders: readonly string[]): void => {
    for (const folder of folders) taken.delete(folder);
  };

  const mount = async (request: OverlayRequest): Promise<void> => {
    const { lower } = request;
    if (lower.length < 1 || lower.length > MOST_LOWER) {
      throw failed(request.at, `expected 1 to ${MOST_LOWER} lower layers, got ${lower.length}`);
    }
    const [at, upper, work] = [request.at, request.upper, request.work].map((path) => realpathSync(path)) as [
      string,
      string,
      string,
    ];
    const folders = [at, upper, work];
    take(folders, at);
    try {
      // Left by a mount whose host was killed; the kernel would refuse the folder.
      rmSync(join(work, "work/incompat"), { recursive: true, force: true });
      await calls.overlay({ lower, upper: { folder: upper, work } }, at);
      openWork(work);
      table.set(at, { lower, upper, work, at, device: deviceName(lstatSync(at).dev) });
    } catch (error) {
      giveBack(folders);
      throw error;
    }
  };

  const changes = async (at: string, upper: string): Promise<OverlayChange[]> => {
    const mounted = find(at);
    const { lower, work } = mounted;
    if (mounted.upper !== realpathSync(upper))
      throw failed(at, `its upper is ${mounted.upper}, not ${upper}`);
    const sides = { upper: mounted.upper, merged: mounted.at };
    if (lower.length === 1) return overlayChanges({ ...sides, below: lower[0]! });
    // What several layers show together, the kernel knows best. `work` is a folder that nobody looks into.
    await calls.overlay({ lower }, work);
    try {
      return await overlayChanges({ ...sides, below: work });
    } finally {
      await calls.unmount(work);
    }
  };

  const unmount = async (path: string): Promise<void> => {
    const { at, upper, work, device } = find(path);
    rooms.leave(path);
    const copies = copiesOf(device);
    if (copies.length > 0) throw new MountProblem({ kind: "busy", at, holders: copies });
    try {
      await calls.unmount(at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
      throw new MountProblem({ kind: "busy", at, holders: holdersOf(at) });
    }
    table.delete(at);
    giveBack([at, upper, work]);
    rmSync(join(work, "work"), { recursive: true, force: true });
  };

  return {
    mount: (request) => attempt(request.at, () => mount(request)),
    changes: (at, upper) => attempt(at, () => changes(at, upper)),
    unmount: (at) => attempt(at, () => unmount(at)),
    bind: (from, at) => attempt(at, () => calls.bind(from, at)),
    room: (request) => attempt(request.at, () => rooms.open(request)),
    leave: rooms.leave,
    devices: () => new Set([...table.values()].map((mounted) => mounted.device)),
  };
}
