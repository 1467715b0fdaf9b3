import type { AttemptPlace, Room } from "@sheaf/core";

/** Returns the path by which a process in the room reaches what lies at an absolute path outside of it. */
export function pathInRoom({ dir, behind }: Room, path: string): string {
  return path === dir || path.startsWith(`${dir}/`) ? behind + path.slice(dir.length) : path;
}

/** Returns an attempt's place as its processes see it. */
export function placeInRoom<Beside extends string | null>(
  place: AttemptPlace & { readonly beside: Beside },
): AttemptPlace & { readonly beside: Beside } {
  const { room = null, view, beside, ...rest } = place;
  if (room === null || view === null) return { ...rest, view, beside };
  const seen = beside === null ? beside : pathInRoom(room, beside);
  return { view: room.dir, beside: seen as Beside };
}
