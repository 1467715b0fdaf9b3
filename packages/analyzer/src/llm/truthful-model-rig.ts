// A model that always says the truth about tasks, and what the truth is.
import { createHash } from "node:crypto";
import { type Task, taskId } from "@sheaf/core";
import type { FakeModelReply } from "@sheaf/testkit";

/** Tells whether a text needs another one, at random and always the same. */
const isNeeded = (by: string, on: string): boolean =>
  createHash("sha256").update(`${by}|${on}`).digest()[0]! % 3 === 0;

const placesOf = (list: string | undefined): number[] =>
  (list ?? "").split(", ").flatMap((part) => {
    if (part === "") return [];
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! - 1 + i);
  });

/** What a question is about; places. */
export interface Asked {
  readonly texts: readonly string[];
  readonly about: readonly number[];
  readonly of: readonly number[];
  readonly need: readonly number[];
  /** Places of the two tasks of each pair that is voted on. */
  readonly pairs: readonly (readonly [number, number])[];
}

/** Reads the body of a request. */
export function askedIn(body: unknown): Asked {
  const user = (body as { messages: { content: string }[] }).messages[1]!.content;
  const lines = user.split("\n").filter((line) => line.startsWith('{"task"'));
  const again = /^Tasks ([\d, -]+) are known but .* one of the tasks ([\d, -]+)\. /m.exec(user);
  return {
    texts: lines.map((line) => JSON.parse(line).description),
    about: placesOf(/each of these tasks: ([\d, -]+)$/m.exec(user)?.[1]),
    of: placesOf(again?.[1]),
    need: placesOf(again?.[2]),
    pairs: Array.from(user.matchAll(/(\d+) before (\d+)/g), ([, on, task]) => [
      Number(on) - 1,
      Number(task) - 1,
    ]),
  };
}

/** Answers as a perfect model would, which looks at nothing but what it is asked. */
export function trueAnswer(body: unknown): FakeModelReply {
  const { texts, about, of, need, pairs } = askedIn(body);
  const record = (task: number, among: readonly number[]) => ({
    task: task + 1,
    needs: among
      .filter((on) => on < task && isNeeded(texts[task]!, texts[on]!))
      .map((on) => ({ evidence: texts[on]!, on: on + 1, type: "data", p: 0.9 })),
  });
  const all = [...texts.keys()];
  const records = [
    ...about.map((task) => record(task, all)),
    ...of.map((task) => record(task, need)).filter(({ needs }) => needs.length > 0),
    ...pairs.map(([on, task]) => record(task, [on])),
  ];
  return { kind: "answer", content: JSON.stringify({ tasks: records }) };
}

/** Returns tasks with these descriptions. */
export const listOf = (...texts: string[]): Task[] =>
  texts.map((text) => ({ id: taskId(text.slice(0, 20).replace(/\W/g, "_")), description: text }));

/** Returns the edges that are there, `from to`. */
export const trueEdges = (tasks: readonly Task[]): string[] =>
  tasks.flatMap((task, at) =>
    tasks
      .slice(0, at)
      .filter((earlier) => isNeeded(task.description!, earlier.description!))
      .map((earlier) => `${earlier.id} ${task.id}`),
  );
