import type { Edge, Task } from "@sheaf/core";
import type { FreedPairs } from "./corrections.ts";
import { fileEdges } from "./files.ts";

/** What a task was seen to do with files in an earlier run; paths below the shared directory, not globs. */
export interface SeenFiles {
  /** Null when not all that it read is known. */
  readonly reads: readonly string[] | null;
  readonly writes: readonly string[];
}

/** Tasks with what earlier runs have shown of them in the place of what they do not declare. */
export interface LearnedTasks {
  readonly tasks: readonly Task[];
  readonly edges: readonly Edge[];
}

interface FileRules {
  readonly isAppended?: ((glob: string) => boolean) | undefined;
  readonly freed?: FreedPairs;
}

const literally = (paths: readonly string[]): readonly string[] =>
  paths.map((path) => path.replace(/[\\*?[\]{}()!+@|]/g, "\\$&"));

/**
 * Takes what was seen of tasks for what they would have declared.
 *
 * @param seen what is known of a task from earlier runs of the same definition, or null
 */
export function learnFrom(
  tasks: readonly Task[],
  seen: (task: Task) => SeenFiles | null,
  { isAppended, freed }: FileRules = {},
): LearnedTasks {
  const learned = new Set<string>();
  const filled = tasks.map((task): Task => {
    const files = seen(task);
    if (files === null || (task.reads !== undefined && task.writes !== undefined)) return task;
    learned.add(task.id);
    const reads = task.reads ?? (files.reads === null ? undefined : literally(files.reads));
    const writes = task.writes ?? literally(files.writes);
    return { ...task, ...(reads === undefined ? {} : { reads }), writes };
  });
  if (learned.size === 0) return { tasks, edges: [] };
  const edges = fileEdges(filled, isAppended, freed)
    .filter(({ from, to }) => learned.has(from) || learned.has(to))
    .map((edge): Edge => ({ ...edge, source: "learned", evidence: `in an earlier run: ${edge.evidence}` }));
  return { tasks: filled, edges };
}
