import { createHash } from "node:crypto";
import { inspect, types } from "node:util";
import type { Task } from "@sheaf/core";
import type { TaskWork } from "../agents/resolve-work.ts";

/** Where a task's work is defined, without what changes from one machine to the next. */
function workOf({ work, agentName }: TaskWork): readonly (string | null)[] {
  switch (work.kind) {
    case "closure":
      return ["closure", agentName];
    case "module":
      return ["module", agentName, work.exportName];
    case "command":
      return ["command"];
    default:
      return work satisfies never;
  }
}

// In words that JSON has what it would leave out or take for something else: other inputs are another task.
function inJson(this: unknown, key: string, usual: unknown): unknown {
  const value = (this as Readonly<Record<string, unknown>>)[key]; // of a date or buffer `usual` is something else
  if (typeof value === "bigint" || value === undefined) return { [typeof value]: String(value) };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { number: inspect(value) };
  }
  if (types.isMap(value)) return { map: [...value] };
  if (types.isSet(value)) return { set: [...value] };
  if (types.isDate(value)) return { date: value.getTime() };
  if (types.isRegExp(value) || types.isNativeError(value)) return { text: String(value) };
  if (types.isAnyArrayBuffer(value)) return { bytes: Buffer.from(value).toString("base64") };
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return { [value.constructor.name]: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
  }
  return usual;
}

/**
 * Returns a key of what a task is asked to do: the same id with the same words, input and agent is the same task, in
 * this run and in the next.
 */
export function taskDefinition(task: Task, work: TaskWork): string {
  const { id, description, run, input, reads, writes } = task;
  const words = [description ?? null, run ?? null, input ?? null, reads ?? null, writes ?? null];
  const asked = JSON.stringify([...words, workOf(work)], inJson);
  return `${id} ${createHash("sha256").update(asked).digest("hex").slice(0, 32)}`;
}
