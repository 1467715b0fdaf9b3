// What the engine and the mount host say to each other.

/** One overlay: an upper folder over lower ones, seen at a mount point. All paths are absolute folders that exist. */
export interface OverlayRequest {
  /** Layers below, topmost first, 1 to 64; they must not change while the mount is there. */
  readonly lower: readonly string[];
  /** Receives what is written; empty, or the upper of an earlier mount over the same layers. */
  readonly upper: string;
  /** Empty folder on the file system of `upper`, for the kernel's own use. */
  readonly work: string;
  /** Where the result is seen, inside the namespace alone. */
  readonly at: string;
}

/** A frozen folder: a folder of the view, and the folder that it stands for. */
export interface FrozenFolder {
  /** Path below the view. */
  readonly path: string;
  readonly target: string;
}

/** A namespace in which a mount of the host is seen at the path of another folder. All paths are absolute. */
export interface RoomRequest {
  /** A folder, most often where an overlay is mounted. */
  readonly at: string;
  /** Where it is seen in the room; what lies there is covered. */
  readonly dir: string;
  /** Mounted read-only, each in the folder that the overlay shows at its path. */
  readonly frozen: readonly FrozenFolder[];
}

/**
 * One path that the upper layer changes. A path is named once: "gone" for a folder, and a file or link in its place,
 * say that all below it is gone too.
 */
export interface OverlayChange {
  /** Path below the mount point, parts joined by "/". */
  readonly path: string;
  /** "file" and "link" are there now, changed or merely touched; "dir" is new, or its mode is; "gone" was below. */
  readonly kind: "file" | "link" | "dir" | "gone";
  /** The path itself, where it is no UTF-8 and `path` has U+FFFD in place of some bytes. */
  readonly bytes?: Uint8Array;
}

/** How mounts are made: by mount(2) in the mount host itself, or by starting `mount` and `umount`. */
export type MountWay = "ffi" | "mount";

export type HostCall =
  | { readonly do: "mount"; readonly request: OverlayRequest }
  | { readonly do: "changes"; readonly at: string; readonly upper: string }
  | { readonly do: "unmount"; readonly at: string }
  | { readonly do: "bind"; readonly from: string; readonly at: string }
  | { readonly do: "room"; readonly request: RoomRequest }
  | { readonly do: "leave"; readonly at: string };

export interface HostQuestion {
  readonly id: number;
  readonly call: HostCall;
}

/** Why a call failed. `errno` is a name such as "EINVAL" where the system gave one. */
export type HostProblem =
  | { readonly kind: "busy"; readonly at: string; readonly holders: readonly string[] }
  | { readonly kind: "failed"; readonly at: string; readonly problem: string; readonly errno: string | null };

/** What a call returns, where it returns something. */
export interface HostAnswer {
  readonly changes?: readonly OverlayChange[];
  /** Path of a file that stands for the namespace of a room. */
  readonly room?: string;
}

export type HostMessage =
  /** `namespace` is the path of a file that stands for the host's own namespace. */
  | { readonly kind: "ready"; readonly pid: number; readonly how: MountWay; readonly namespace: string }
  | { readonly kind: "done"; readonly id: number; readonly answer: HostAnswer }
  | { readonly kind: "problem"; readonly id: number; readonly problem: HostProblem };
