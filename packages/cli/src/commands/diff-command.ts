import { SheafError } from "@sheaf/core";
import { type RunChanges, readRunChanges } from "@sheaf/engine";
import { changesData } from "../show/changes-data.ts";
import { changesText } from "../show/changes-text.ts";
import { terminalLook } from "../show/terminal-look.ts";
import { findRun } from "./find-run.ts";
import { EXIT, type Io } from "./io.ts";

export interface DiffFlags {
  readonly dir?: string;
  readonly json?: boolean;
}

/** Which run, and which task of it; all when that is absent. */
export interface DiffSubject {
  readonly run: string;
  readonly task?: string | undefined;
}

/**
 * Prints what the tasks of a run read and wrote.
 *
 * @throws SheafError RUN_UNKNOWN; OPTION_INVALID for a task that did nothing in the run
 */
export async function diffCommand({ run, task }: DiffSubject, flags: DiffFlags, io: Io): Promise<number> {
  const found = findRun(run, flags.dir, io);
  const changes = readRunChanges(found.folder);
  const shown = await changesData(task === undefined ? changes : ofTask(task, changes));
  const text =
    flags.json === true
      ? JSON.stringify({ runId: found.id, dir: changes.dir, ...shown }, null, 2)
      : changesText(shown, terminalLook(io.stdout, io.env));
  io.stdout.write(`${text}\n`);
  return EXIT.succeeded;
}

function ofTask(task: string, { dir, tasks, conflicts }: RunChanges): RunChanges {
  const known = tasks.map(({ taskId }) => taskId);
  if (!known.some((id) => id === task)) {
    const expected = `a task of the run with an attempt that ended (${known.join(", ")})`;
    throw new SheafError("OPTION_INVALID", { option: "task", expected, got: task });
  }
  const concerns = (id: string | null): boolean => id === task;
  return {
    dir,
    tasks: tasks.filter(({ taskId }) => concerns(taskId)),
    conflicts: conflicts.filter(
      (each) => concerns(each.taskId) || each.conflicts.some((conflict) => concerns(conflict.with)),
    ),
  };
}
