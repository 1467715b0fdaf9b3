// Tasks of which nobody knows whether they had their effects, and what the caller decides about them.
import { encodeData, SheafError, type TaskFailure, type TaskId, toWireError } from "@sheaf/core";
import { keptEffects } from "@sheaf/workdir";
import type { FoundExecution } from "./execution-store.ts";
import { NOTHING_MEASURED } from "./nothing-measured.ts";
import type { DoubtDecision } from "./options.ts";
import type { RunRequest } from "./run-request.ts";
import type { EarlierSession } from "./session.ts";
import { taskDefinition } from "./task-definition.ts";
import type { World } from "./world.ts";

/** An earlier session whose doubts are settled. */
export interface DecidedSession extends EarlierSession {
  /** Attempts that the caller takes as done; to be kept, so that nobody asks about them again. */
  readonly taken: readonly FoundExecution[];
  /** All that the caller decided; absent where nothing was in doubt. */
  readonly decided?: Readonly<Record<TaskId, DoubtDecision>>;
}

/**
 * Returns the earlier session with what the caller decided about each task in doubt.
 *
 * @throws SheafError RUN_IN_DOUBT for a task that nothing was decided about, OPTION_INVALID for a decision about
 * another task.
 */
export function withDecisions(request: RunRequest, earlier: EarlierSession | null): DecidedSession | null {
  const doubtful = earlier?.inDoubt ?? [];
  requireDoubtful([...request.inDoubt.keys()], doubtful);
  if (earlier === null) return null;
  const open = doubtful.find((id) => !request.inDoubt.has(id));
  if (open !== undefined) {
    const { effects = [] } = request.tasks.find(({ id }) => id === open)!;
    throw new SheafError("RUN_IN_DOUBT", {
      taskId: open,
      effects,
      happened: earlier.happened.includes(open),
    });
  }
  const again = doubtful.filter((id) => request.inDoubt.get(id) === "again");
  const done = doubtful.filter((id) => request.inDoubt.get(id) === "done");
  const taken = done.map((id) => takenAsDone(request, earlier, id));
  const executions = new Map(earlier.executions);
  for (const id of again) executions.delete(id);
  for (const execution of taken) executions.set(execution.taskId, [execution]);
  const happened = earlier.happened.filter((id) => !again.includes(id));
  const decided = Object.fromEntries(request.inDoubt) as Readonly<Record<TaskId, DoubtDecision>>;
  return { ...earlier, executions, happened, taken, ...(doubtful.length === 0 ? {} : { decided }) };
}

function requireDoubtful(decided: readonly string[], doubtful: readonly TaskId[]): void {
  const stranger = decided.find((id) => !doubtful.some((each) => each === id));
  if (stranger === undefined) return;
  const expected =
    doubtful.length === 0
      ? "absent, as no task is in doubt"
      : `about tasks in doubt only (${doubtful.join(", ")})`;
  throw new SheafError("OPTION_INVALID", { option: "inDoubt", expected, got: stranger });
}

const NO_READS = { shown: null, observed: [] };

// Read nothing, so it comes out the same whatever the tree. What its effects' last attempt left goes with it.
function takenAsDone(
  { tasks, works, dir, clock, settings }: RunRequest,
  { attempts, executions }: EarlierSession,
  id: TaskId,
): FoundExecution {
  const task = tasks.findIndex((each) => each.id === id);
  const last = executions.get(id)?.at(-1);
  const changes = last?.effects?.changes ?? [];
  return {
    taskId: id,
    definition: taskDefinition(tasks[task]!, works[task]!),
    attempt: attempts[task]!,
    taken: [],
    effects: dir === null ? null : keptEffects({ reads: NO_READS, changes }, settings.policies),
    resources: last?.resources ?? NOTHING_MEASURED,
    keptAt: clock.now(),
    output: last?.output ?? encodeData(undefined, id),
  };
}

/** Whether its effects happened, or are to happen again, is for a person to find out: that is what the failure says. */
export function doubtFailure({ tasks, happened }: World, task: number): TaskFailure {
  const { id, effects = [] } = tasks[task]!;
  const error = new SheafError("RUN_IN_DOUBT", { taskId: id, effects, happened: happened.has(id) });
  return { kind: "worker-lost", error: toWireError(error) };
}
