// What anybody would write who needs to run a list in the order of its dependencies and has no use for anything else.
import pLimit from "p-limit";
import type { TaskSpec } from "sheaf";

interface Waiting {
  readonly task: TaskSpec;
  readonly after: string[];
  left: number;
}

function index(tasks: readonly TaskSpec[]): ReadonlyMap<string, Waiting> {
  const waiting = new Map(
    tasks.map((task): [string, Waiting] => [task.id, { task, after: [], left: task.dependsOn?.length ?? 0 }]),
  );
  for (const { id, dependsOn = [] } of tasks)
    for (const before of dependsOn) waiting.get(before)!.after.push(id);
  return waiting;
}

/** Puts the tasks into levels by Kahn's algorithm, with Maps and arrays. */
export function plainLevels(tasks: readonly TaskSpec[]): readonly (readonly string[])[] {
  const waiting = index(tasks);
  const levels: string[][] = [];
  let level = tasks.filter(({ id }) => waiting.get(id)!.left === 0).map(({ id }) => id);
  while (level.length > 0) {
    levels.push(level);
    level = level.flatMap((id) =>
      waiting.get(id)!.after.filter((after) => {
        waiting.get(after)!.left -= 1;
        return waiting.get(after)!.left === 0;
      }),
    );
  }
  return levels;
}

/** Runs each task once all that it waits for has ended, so many at a time: Kahn's queue over promises and p-limit. */
export async function plainQueue(
  tasks: readonly TaskSpec[],
  work: (task: TaskSpec) => unknown,
  atOnce: number,
): Promise<void> {
  const waiting = index(tasks);
  const limit = pLimit(atOnce);
  const run = async ({ task, after }: Waiting): Promise<void> => {
    await limit(() => work(task));
    const ready = after.map((id) => waiting.get(id)!).filter((next) => --next.left === 0);
    await Promise.all(ready.map(run));
  };
  await Promise.all([...waiting.values()].filter(({ left }) => left === 0).map(run));
}
