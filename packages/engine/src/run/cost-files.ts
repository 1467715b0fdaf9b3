// What a task leaves in its folder `cost`: files that tell what its model calls have cost.
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type EventBody, nameSome, type RunEvent, type TaskId } from "@sheaf/core";
import { type CostFile, readAg2Costs, toldByRows } from "@sheaf/ledger";
import { taskFolder } from "./run-place.ts";
import type { World } from "./world.ts";

/** A cost file that is larger is none. */
const MOST_MIB = 16;

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
  const files = names.map((name) => ({ name, ...readFile(join(folderOf(attempt), name)) }));
  for (const { name, problems } of files) {
    if (problems.length === 0) continue;
    const reason = `The cost file ${name} of "${taskId}" was not read in full: ${nameSome(problems)}`;
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

function jsonFilesIn(folder: string): readonly string[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // most tasks leave none
  }
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".json"));
  return files.map(({ name }) => name).sort();
}

function readFile(path: string): CostFile {
  try {
    const mib = statSync(path).size / 1024 / 1024;
    if (mib <= MOST_MIB) return readAg2Costs(readFileSync(path, "utf8"));
    return { rows: [], problems: [`It is larger than ${MOST_MIB} MiB.`] };
  } catch (error) {
    return { rows: [], problems: [`It cannot be read: ${(error as Error).message}.`] };
  }
}

/** The attempt's own, from its start on: they are among the last. */
function eventsOf(events: readonly RunEvent[], { taskId, attempt }: CostedAttempt): readonly RunEvent[] {
  const isOwn = (event: RunEvent): boolean =>
    "attempt" in event && event.taskId === taskId && event.attempt === attempt;
  const start = events.findLastIndex((event) => event.type === "attempt.started" && isOwn(event));
  return events.slice(start + 1).filter(isOwn);
}
