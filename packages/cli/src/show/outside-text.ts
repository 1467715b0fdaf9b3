import { type EventOf, nameSome } from "@sheaf/core";

/** What somebody else has changed in the shared directory, `notes.md; fit had read something else`. */
export function outsideText({
  paths,
  readers = [],
}: Pick<EventOf<"dir.changed-outside">, "paths" | "readers">): string {
  const read = readers.length === 0 ? [] : [`${nameSome(readers)} had read something else`];
  return [...(paths.length === 0 ? [] : [nameSome(paths)]), ...read].join("; ");
}
