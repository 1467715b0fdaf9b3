import { type Task, type TaskSpec, taskId } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { undeclaredTasks } from "./undeclared.ts";

const listOf = (...tasks: Partial<TaskSpec>[]): Task[] =>
  tasks.map((task, i) => ({ ...task, id: taskId(`t${i}`) }) as Task);

describe("undeclaredTasks", () => {
  it("takes reads and writes together for a declaration, one of them alone for none", () => {
    const tasks = listOf({}, { reads: [] }, { writes: ["x"] }, { reads: [], writes: ["x"] });
    expect([...undeclaredTasks(tasks, { files: true })]).toEqual([0, 1, 2]);
  });

  it("does not count reads and writes where files are not looked at", () => {
    const tasks = listOf({ reads: [], writes: ["x"] }, { dependsOn: [] });
    expect([...undeclaredTasks(tasks, { files: false })]).toEqual([0]);
  });

  it("takes an empty dependsOn for a declaration", () => {
    expect([...undeclaredTasks(listOf({ dependsOn: [] }, {}), { files: true })]).toEqual([1]);
  });

  it("finds none where any task names another in dependsOn", () => {
    const tasks = listOf({}, {}, { dependsOn: ["t0"] });
    expect(undeclaredTasks(tasks, { files: true }).size).toBe(0);
    expect(undeclaredTasks(tasks, { files: false }).size).toBe(0);
  });
});
