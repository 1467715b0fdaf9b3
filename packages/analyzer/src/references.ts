import { type Edge, eachString, findOutputReferences, type OutputReference, type Task } from "@sheaf/core";
import { findMentions } from "./mentions.ts";

/** What the texts of tasks say about other tasks. */
export interface References {
  readonly edges: readonly Edge[];
  /** References that no earlier task can serve, each with what would mend it. */
  readonly warnings: readonly string[];
}

/** A mention in words may be a turn of speech. */
const MENTION_PROBABILITY = 0.9;

/**
 * Returns the edges that follow from texts: `${fetch.output}` in description, command or input, and mentions of
 * earlier tasks in the description.
 *
 * @param tasks in serial order
 */
export function findReferences(tasks: readonly Task[]): References {
  const places = new Map(tasks.map((task, place) => [task.id as string, place]));
  const edges: Edge[] = [];
  const warnings = new Set<string>();
  tasks.forEach((task, place) => {
    const add = (earlier: number, probability: number, evidence: string): void => {
      const from = tasks[earlier]!.id;
      edges.push({ from, to: task.id, kind: "data", source: "reference", probability, evidence });
    };
    for (const { words, reference } of outputReferences(task)) {
      const earlier = places.get(reference.taskId);
      if (earlier !== undefined && earlier < place) add(earlier, 1, words);
      else warnings.add(unservedReference(task, words, reference));
    }
    for (const mention of findMentions(task.description ?? "", places)) {
      if (mention.place < place) add(mention.place, MENTION_PROBABILITY, mention.words);
    }
  });
  return { edges, warnings: [...warnings] };

  function unservedReference(task: Task, words: string, { taskId }: OutputReference): string {
    const start = `Task ${task.id} refers to ${words}, but`;
    if (taskId === task.id) return `${start} that is its own output. Refer to an earlier task.`;
    if (!places.has(taskId))
      return `${start} there is no task ${taskId}. Refer to a task of the list by its id.`;
    return `${start} ${taskId} comes after it in the list. Move ${taskId} before ${task.id}, or declare dependsOn.`;
  }
}

function outputReferences(
  task: Task,
): readonly { readonly words: string; readonly reference: OutputReference }[] {
  const found: { words: string; reference: OutputReference }[] = [];
  eachString([task.description, task.run, task.input], (text) => {
    for (const reference of findOutputReferences(text)) {
      found.push({ words: text.slice(reference.start, reference.end), reference });
    }
  });
  return found;
}
