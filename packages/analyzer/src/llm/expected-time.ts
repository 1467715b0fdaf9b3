import { CHUNK, MOST_AT_ONCE } from "./conversation.ts";

/** How fast a model answers, in ms. */
export interface AnswerSpeed {
  /** Until its first word. */
  readonly firstWordMs: number;
  /** For what it says about one task. */
  readonly recordMs: number;
}

/** What is assumed of a model that has not been measured: 35 tokens about a task, 80 a second. */
export const ASSUMED_SPEED: AnswerSpeed = { firstWordMs: 1_000, recordMs: 440 };

/** Returns how long a model may take to speak about so many tasks, in ms. */
export function expectedMs(tasks: number, { firstWordMs, recordMs }: AnswerSpeed): number {
  const calls = Math.ceil(tasks / CHUNK);
  const rounds = Math.min(calls, 1) + Math.ceil(Math.max(0, calls - 1) / MOST_AT_ONCE);
  return rounds * firstWordMs + (Math.min(tasks, CHUNK) + (rounds - 1) * CHUNK) * recordMs;
}
