import type { Edge, Task, UsageRecord } from "@sheaf/core";
import { readAnswer } from "./answer.ts";
import { askModel, modelProblem } from "./ask-model.ts";
import type { ModelNotes } from "./model-notes.ts";
import { DEFAULT_MODEL_TIMEOUT_MS, type ModelSettings } from "./model-settings.ts";
import { dependencyPrompt } from "./prompt.ts";
import { repairAnswer } from "./repair.ts";
import { TIMED_OUT, withinDeadline } from "./within-deadline.ts";

export interface ModelQuestion {
  /** In serial order. */
  readonly tasks: readonly Task[];
  /** Places of the tasks whose needs are asked for. */
  readonly targets: ReadonlySet<number>;
  readonly settings: ModelSettings;
  readonly signal: AbortSignal | undefined;
}

export interface ModelFindings {
  readonly edges: readonly Edge[];
  /** Places of the targets that the model has spoken about; none where `problem` tells why. */
  readonly answered: ReadonlySet<number>;
  /** Why there is no usable answer, as the start of a sentence; null when there is one. */
  readonly problem: string | null;
  /** What had to be mended, as sentences for people. */
  readonly repairs: readonly string[];
  readonly usage: readonly UsageRecord[];
  /** Requests that may have cost something of which the server has told nothing. */
  readonly unmetered: number;
}

/** One request shows the whole list and gets the whole answer, some 40 tokens a task. */
const MOST_TASKS = 400;

/**
 * Asks a model what the targets need. Whatever the model or its server does ends as a value within the time allowed.
 *
 * @throws the reason of `signal`, and nothing else
 */
export async function modelEdges(question: ModelQuestion): Promise<ModelFindings> {
  const { tasks, targets, settings, signal } = question;
  const notes: ModelNotes = { usage: [], unmetered: 0, repairs: [] };
  // Copies: an answer that comes after the deadline must not change what was returned.
  const nothing = (problem: string): ModelFindings => ({
    edges: [],
    answered: new Set(),
    problem,
    repairs: [...notes.repairs],
    usage: [...notes.usage],
    unmetered: notes.unmetered,
  });
  if (tasks.length > MOST_TASKS) {
    return nothing(`The list has ${tasks.length} tasks, and a model is asked about ${MOST_TASKS} at most`);
  }
  const prompt = dependencyPrompt(
    tasks,
    [...targets].sort((a, b) => a - b),
  );
  const timeoutMs = settings.timeoutMs ?? DEFAULT_MODEL_TIMEOUT_MS;
  try {
    const text = await withinDeadline((inner) => askModel(prompt, settings, { notes, signal: inner }), {
      timeoutMs,
      signal,
    });
    if (text === TIMED_OUT) return nothing(`The model gave no answer within ${timeoutMs} ms`);
    const { repairs, ...rest } = repairAnswer(readAnswer(text), tasks, targets);
    if (repairs !== null) notes.repairs.push(repairs);
    if (rest.answered.size === 0) {
      return nothing("The model's answer says nothing about the tasks it was asked about");
    }
    return { ...rest, ...notes, problem: null };
  } catch (error) {
    signal?.throwIfAborted();
    return nothing(modelProblem(error, settings));
  }
}
