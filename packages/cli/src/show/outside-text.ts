import type { EventOf } from "@sheaf/core";

const MOST_NAMED = 5;

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  const first = names.slice(0, MOST_NAMED).join(", ");
  return more > 0 ? `${first} and ${more} more` : first;
}

/** What somebody else has changed in the shared directory, `notes.md; fit had read something else`. */
export function outsideText({
  paths,
  readers = [],
}: Pick<EventOf<"dir.changed-outside">, "paths" | "readers">): string {
  const read = readers.length === 0 ? [] : [`${some(readers)} had read something else`];
  return [...(paths.length === 0 ? [] : [some(paths)]), ...read].join("; ");
}
