import type { TaskId } from "@sheaf/core";
import { type OpenRun, tellBegin } from "./open-run.ts";
import type { RunRequest } from "./run-request.ts";

/** Most paths that an event names. */
const MOST_NAMED = 100;

/** Tells what a session begins with: what it found, and what it has to do without. */
export function announce(
  request: RunRequest,
  { emit, workdir, history, budgets, earlier, meanwhile }: OpenRun,
  cancelled: string | null,
): void {
  if (earlier === null) tellBegin(request, emit);
  // So early that there was no journal to tell it.
  if (cancelled !== null) emit({ type: "run.cancelling", message: cancelled });
  if (meanwhile !== null && meanwhile.paths.length + meanwhile.readers.length > 0) {
    const paths = meanwhile.paths.slice(0, MOST_NAMED);
    emit({ type: "dir.changed-outside", paths, readers: meanwhile.readers as readonly TaskId[] });
  }
  for (const reason of request.warnings) emit({ type: "run.fallback", part: "configuration", reason });
  for (const reason of budgets.notes) emit({ type: "run.fallback", part: "budgets", reason });
  for (const note of history.notes) emit({ type: "run.fallback", ...note });
  if (workdir === null) return;
  const { rung, why } = workdir;
  emit({ type: "dir.staged", rung, files: workdir.statistics().baseFiles, why });
  if (workdir.recovered > 0) {
    const reason = `A run was killed while it published; its last ${workdir.recovered} changes were finished now.`;
    emit({ type: "run.fallback", part: "recovery", reason });
  }
}
