// What a task leaves in its folder `cost`: files that tell what its model calls have cost.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { EventBody, RunEvent, TaskId } from "@sheaf/core";
import { toldByRows } from "@sheaf/ledger";
import { readCostFile } from "./read-cost-file.ts";
import { taskFolder } from "./run-place.ts";
import type { World } from "./world.ts";

/** Of a file that has more problems, so many are told, and how many there are. */
const MOST_PROBLEMS = 3;

/** An attempt that is over. */
interface CostedAttempt {
  readonly taskId: TaskId;
  readonly attempt: number;
  /** Its folder beside the work directory. */
  readonly beside: string;
}

type Emit = (body: EventBody) => void;

/**
 * Books what the cost files of an attempt tell beyond what is known of its calls. Never throws: what cannot be read is
 * told by an event, and the file stays where it is.
 */
export async function bookCostFiles(world: World, attempt: CostedAttempt): Promise<void> {
  const names = jsonFilesIn(folderOf(attempt));
  if (names.length === 0) return;
  // What is still on its way would be taken for something that only the file knows of.
  await world.calls.quiet(attempt.taskId);
  bookFiles(attempt, { names, events: eventsOf(world.journal.events(), attempt), emit: world.emit });
}

/** Books what attempts have left that were cut off together with an earlier session. */
export function bookLeftCostFiles(
  left: { readonly runDir: string; readonly ids: readonly string[]; readonly events: readonly RunEvent[] },
  emit: Emit,
): void {
  const finished = new Set(
    left.events.flatMap((each) => (each.type === "attempt.finished" ? keyOf(each) : [])),
  );
  for (const event of left.events) {
    if (event.type !== "attempt.started" || finished.has(keyOf(event))) continue;
    const { taskId, attempt } = event;
    const folder = taskFolder(left.ids.indexOf(taskId), taskId);
    const own = { taskId, attempt, beside: join(left.runDir, "tasks", folder, `attempt-${attempt}`) };
    const events = eventsOf(left.events, own);
    const told = new Set(events.map((each) => (each.type === "attempt.usage" ? each.file : undefined)));
    const names = jsonFilesIn(folderOf(own)).filter((name) => !told.has(name));
    bookFiles(own, { names, events, emit });
  }
}

const keyOf = ({ taskId, attempt }: { readonly taskId: string; readonly attempt: number }): string =>
  `${taskId} ${attempt}`;

const folderOf = ({ beside }: CostedAttempt): string => join(beside, "cost");

interface Files {
  readonly names: readonly string[];
  /** What is known of the attempt. */
  readonly events: readonly RunEvent[];
  readonly emit: Emit;
}

function bookFiles(attempt: CostedAttempt, { names, events, emit }: Files): void {
  const { taskId, attempt: number } = attempt;
  const files = names.map((name) => ({ name, ...readCostFile(join(folderOf(attempt), name)) }));
  for (const { name, problems } of files) {
    if (problems.length === 0) continue;
    const reason = `The cost file ${name} of "${taskId}" was not read in full: ${sayProblems(problems)}`;
    emit({ type: "run.fallback", part: "cost files", reason });
  }
  const rows = files.flatMap(({ name, rows }) => rows.map((row) => ({ name, row })));
  const told = toldByRows(
    rows.map(({ row }) => row),
    events,
  );
  for (const [i, { usage, counted }] of told.entries()) {
    const again = counted ? {} : ({ counted } as const);
    emit({ type: "attempt.usage", taskId, attempt: number, usage, file: rows[i]!.name, ...again });
  }
}

function sayProblems(problems: readonly string[]): string {
  const more = problems.length - MOST_PROBLEMS;
  return [...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`And ${more} more.`] : [])].join(" ");
}

function jsonFilesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch {
    return []; // most tasks leave none
  }
}

/** The attempt's own, from its start on: they are among the last. */
function eventsOf(events: readonly RunEvent[], { taskId, attempt }: CostedAttempt): readonly RunEvent[] {
  const isOwn = (event: RunEvent): boolean =>
    "attempt" in event && event.taskId === taskId && event.attempt === attempt;
  const start = events.findLastIndex((event) => event.type === "attempt.started" && isOwn(event));
  return events.slice(start + 1).filter(isOwn);
}
