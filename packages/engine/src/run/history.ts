import { join } from "node:path";
import { type Durations, type Learned, openDurations, openLearned } from "@sheaf/ledger";
import { type Lesson, learn } from "./learn.ts";

/** What could not be read or kept, as a sentence. */
interface HistoryNote {
  readonly part: string;
  readonly reason: string;
}

/** What earlier runs in a directory have shown. Hints all of it: a loss costs time and never a result. */
export interface History {
  readonly durations: Durations;
  readonly learned: Learned;
  readonly notes: readonly HistoryNote[];
  /** Keeps what this run has shown. */
  remember(lesson: Lesson): readonly HistoryNote[];
}

const notesOf = (durations: string | null, learned: string | null): readonly HistoryNote[] => [
  ...(durations === null ? [] : [{ part: "durations", reason: durations }]),
  ...(learned === null ? [] : [{ part: "learned", reason: learned }]),
];

/** Opens the history in a state folder, or an empty one where that is null. */
export function openHistory(stateDir: string | null): History {
  const durations = openDurations(stateDir === null ? null : join(stateDir, "durations.json"));
  const learned = openLearned(stateDir === null ? null : join(stateDir, "learned.json"));
  return {
    durations,
    learned,
    notes: notesOf(durations.note, learned.note),
    remember(lesson) {
      for (const [task, { status, resources, reused }] of lesson.records) {
        if (status !== "succeeded" || reused) continue;
        const { id } = lesson.tasks[task]!;
        const { agentName } = lesson.works[task]!;
        durations.record({ taskId: id, agent: agentName, latencyMs: resources.latencyMs });
      }
      learn(learned, lesson);
      return notesOf(durations.save(), learned.save());
    },
  };
}
