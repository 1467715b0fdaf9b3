import { CHUNK, MOST_AT_ONCE } from "./conversation.ts";

/** What is assumed of a model: time to its first word, and for what it says about one task, 35 tokens at 80 a second. */
const FIRST_WORD_MS = 1_000;
const RECORD_MS = 440;

/** Returns how long a model may take to speak about so many tasks, in ms. */
export function expectedMs(tasks: number): number {
  const calls = Math.ceil(tasks / CHUNK);
  const rounds = Math.min(calls, 1) + Math.ceil(Math.max(0, calls - 1) / MOST_AT_ONCE);
  return rounds * FIRST_WORD_MS + (Math.min(tasks, CHUNK) + (rounds - 1) * CHUNK) * RECORD_MS;
}
