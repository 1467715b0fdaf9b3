import type { Task, TaskId } from "@sheaf/core";
import { expect, test } from "vitest";
import type { TaskWork } from "../agents/resolve-work.ts";
import { taskDefinition } from "./task-definition.ts";

const work = { work: { kind: "closure" }, agentName: "a" } as unknown as TaskWork;
const definition = (input: unknown): string => taskDefinition({ id: "t" as TaskId, input } as Task, work);

test("a task with another input is another task, also where JSON would see no difference", () => {
  const inputs = [
    ...[null, {}, [], "", 0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1n, [undefined], { a: undefined }],
    ...[new Map(), new Map([["k", 1]]), new Map([["k", 2]]), new Map([["k", new Map([["l", -0]])]])],
    ...[new Set(), new Set([1]), new Set([1n]), new Date(0), new Date(0).toISOString(), new Date(Number.NaN)],
    ...[/a/, /a/g, new Error("a"), new Error("b")],
    ...[new ArrayBuffer(1), Uint8Array.of(1).buffer, Uint8Array.of(1), Int8Array.of(1)],
    ...[new DataView(Uint8Array.of(1, 2).buffer, 1), new DataView(Uint8Array.of(1, 3).buffer, 1)],
  ];
  expect(new Set(inputs.map(definition)).size).toBe(inputs.length);
  expect(inputs.map(definition)).toEqual(inputs.map((input) => definition(structuredClone(input))));
});
