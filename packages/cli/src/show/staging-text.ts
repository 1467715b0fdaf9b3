import type { EventOf } from "@sheaf/core";
import { counted } from "./counted.ts";

/**
 * Says what is in the shared directory and what tasks get of it.
 *
 * The event's `why` says how that is done, in the words of those who maintain it.
 */
export function stagingText({ files, rung }: Pick<EventOf<"dir.staged">, "files" | "rung">): string {
  const found = files === 0 ? "no files in the directory yet" : `${counted(files, "file")} in the directory`;
  const own =
    rung === "hardlink"
      ? "each task works in a folder of its own, with links to private copies of what it only reads"
      : "each task works on copies in a folder of its own";
  return `${found}; ${own}`;
}
