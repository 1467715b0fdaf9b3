import { levels } from "@sheaf/core";
import { describe, expect, test } from "vitest";
import { parseStg } from "../../../bench/src/stg.ts";
import { parseWfFormat } from "../../../bench/src/wf-format.ts";
import type { Workflow } from "../../../bench/src/workflow.ts";

const pairs = ({ graph }: Workflow): string[] => graph.edges.map(({ from, to }) => `${from}>${to}`);

describe("STG files", () => {
  const rows = ["  2", "  0  0  0", "  1  9  1  0", "  2  4.5  1  0", "  3  0  2  1  2", "# Random Seed : 1"];

  test("rows give times and predecessors; entry and exit are not counted in the first line", () => {
    const workflow = parseStg(rows.join("\n"));
    expect(levels(workflow.graph)).toEqual([["0"], ["1", "2"], ["3"]]);
    expect([...workflow.durations]).toEqual([0, 9, 4.5, 0]);
    expect(workflow.unmeasured).toBe(0);
  });

  test("a file without entry and exit is read too, with any line ends", () => {
    expect(pairs(parseStg("2\r\n1 3 0\r\n2 4 1 1\r\n"))).toEqual(["1>2"]);
  });

  test.each([
    ["", "expected the number of tasks alone in the first line"],
    ["# only a comment", "expected the number of tasks alone in the first line"],
    ["digraph { a -> b }", "expected the number of tasks alone in the first line"],
    ["3\n1 3 0", "the first line promises 3 tasks (5 rows with entry and exit), but there are 1 rows"],
    ["1\n1 3", "line 2: expected a task, its time, and how many tasks come before it"],
    ["1\n1 -3 0", "line 2: expected a task, its time, and how many tasks come before it"],
    ["2\n1 3 0\n\n2 3 2 1", "line 4: expected 2 tasks before task 2, got 1"],
    ["1\n1 3 1 7", 'Task "1" depends on "7", and there is no such task'],
    ["2\n1 3 1 2\n2 3 1 1", "Tasks wait for each other: 1 -> 2 -> 1"],
  ])("what is none is refused: %j", (text, problem) => {
    expect(() => parseStg(text)).toThrow(problem);
  });
});

describe("WfFormat files", () => {
  test("version 1.5 keeps the graph apart from the run times, which it finds by id", () => {
    const workflow = parseWfFormat(
      JSON.stringify({
        schemaVersion: "1.5",
        workflow: {
          specification: {
            tasks: [
              { name: "split", id: "split_1", parents: [], children: ["work_1", "work_2"] },
              { name: "work", id: "work_1", parents: ["split_1"], children: [] },
              { name: "work", id: "work_2", parents: ["split_1"], children: [] },
            ],
          },
          execution: {
            tasks: [
              { id: "work_1", runtimeInSeconds: 2.5 },
              { id: "split_1", runtimeInSeconds: 1 },
            ],
          },
        },
      }),
    );
    expect(pairs(workflow)).toEqual(["split_1>work_1", "split_1>work_2"]);
    expect([...workflow.durations]).toEqual([1, 2.5, 0]);
    expect(workflow.unmeasured).toBe(1);
  });

  test("older versions keep all of a task in one place and name parents by name", () => {
    const workflow = parseWfFormat(
      JSON.stringify({
        schemaVersion: "1.4",
        workflow: {
          tasks: [
            { name: "split", id: "1", runtimeInSeconds: 1, parents: [], children: ["join"] },
            { name: "work", id: "2", runtime: 3, parents: ["split"], children: [] },
            { name: "join", id: "3", runtimeInSeconds: 2, parents: ["work"] },
          ],
        },
      }),
    );
    expect(pairs(workflow)).toEqual(["1>2", "2>3", "1>3"]);
    expect([...workflow.durations]).toEqual([1, 3, 2]);
  });

  test("names that every object has are names as any other", () => {
    const tasks = [{ name: "constructor" }, { name: "__proto__", parents: ["constructor"] }];
    expect(pairs(parseWfFormat(JSON.stringify({ workflow: { tasks } })))).toEqual(["constructor>__proto__"]);
  });

  const withTasks = (...tasks: object[]): string => JSON.stringify({ workflow: { tasks } });
  test.each([
    ["{", "this is not JSON"],
    ['{"title": "a schema"}', "this is not a workflow in WfFormat"],
    ["[]", "this is not a workflow in WfFormat"],
    ['{"workflow": {"tasks": {}}}', "this is not a workflow in WfFormat"],
    [withTasks({}), "expected task 1 to have an id or a name"],
    [
      withTasks({ name: "a", runtimeInSeconds: "long" }),
      'run time of task "a" to be a number >= 0, got "long"',
    ],
    [withTasks({ name: "a", parents: "b" }), 'parents and children of task "a" to be lists of names'],
    [withTasks({ name: "a", parents: ["b"] }), 'Task "a" depends on "b", and there is no such task'],
    [withTasks({ name: "a", children: ["b"] }), 'task "a" names the child "b", and there is no such task'],
    [withTasks({ name: "a" }, { name: "a" }), 'Two tasks are called "a"'],
  ])("what is none is refused: %j", (text, problem) => {
    expect(() => parseWfFormat(text)).toThrow(problem);
  });
});
