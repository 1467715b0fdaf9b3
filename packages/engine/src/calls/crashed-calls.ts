import type { EventOf, RunEvent } from "@sheaf/core";

type Finished = Omit<EventOf<"llm.finished">, "seq" | "at" | "runId">;

/**
 * Returns the ends of calls that were open when the sessions of these events went away. They are taken to have used
 * their hold; what that does not bound is not known.
 */
export function crashedCalls(events: readonly RunEvent[]): readonly Finished[] {
  const open = new Map<string, EventOf<"llm.started">>();
  for (const event of events) {
    if (event.type === "llm.started") open.set(keyOf(event), event);
    if (event.type === "llm.finished") open.delete(keyOf(event));
  }
  return Array.from(open.values(), ({ type, seq, at, runId, hold, repeats, ...call }) => {
    const { costUsd, costSource, price, ...usage } = hold;
    const unknown = { avoided: null, status: null, firstByteMs: null, durationMs: 0 };
    return { type: "llm.finished", ...call, state: "crashed", usage, source: "estimated", ...unknown };
  });
}

const keyOf = ({ taskId, attempt, call }: EventOf<"llm.started" | "llm.finished">): string =>
  `${taskId} ${attempt} ${call}`;
