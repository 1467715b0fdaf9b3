import { describe, expect, it } from "vitest";
import { linkProblems } from "./link-problems.ts";
import { type Plan, readPlan } from "./read-plan.ts";

const read = (text: string) => readPlan({ name: "plan.yaml", folder: "/plans", text });

function problemsOf(text: string): readonly string[] {
  const plan = read(text);
  return "problems" in plan ? plan.problems : [];
}

const nobody = { names: new Set<string>(), hasDefault: false };
const links = (text: string, agents = nobody): readonly string[] => linkProblems(read(text) as Plan, agents);

describe("readPlan", () => {
  it("takes a list of tasks and a planner's answer, in YAML or JSON", () => {
    const plan = read(
      "dir: ./x\nagents: { eng: ./a.mjs }\noptions: { maxWorkers: 2 }\ntasks: [{ id: a, run: ls }]\n",
    );
    expect(plan).toMatchObject({
      contents: { dir: "./x", options: { maxWorkers: 2 }, tasks: [{ id: "a" }] },
    });
    const answer = read(
      '{"thoughts": "many", "sub_tasks": [{"sub_task": "x", "sub_task_agent": "eng", "why": 1}]}',
    );
    expect(answer).toMatchObject({ contents: { sub_tasks: [{ sub_task: "x" }] } });
  });

  it("lists everything that is wrong with the form, in the order of the text", () => {
    const text = [
      "dirr: x",
      "options: { maxWorkers: 0, onFailure: explode, mod: auto }",
      "agents: { two: 2 }",
      "tasks:",
      "  - id: 1",
      "    run: true",
      "  - id: ../x",
      "    dependsOn: [2.50]",
      "    timeoutMs: -5",
      "  - just text",
      "  - resources: { mem: 1 }",
    ].join("\n");
    expect(problemsOf(text)).toEqual([
      'plan.yaml:1:1: dirr: expected "dir", got the unknown key "dirr".',
      "plan.yaml:2:24: options.maxWorkers: expected how many tasks run at once (a whole number from 1 to 10000), got 0.",
      'plan.yaml:2:38: options.onFailure: expected one of continue, stop, cancel, got "explode".',
      'plan.yaml:2:47: options.mod: expected "mode", got the unknown key "mod".',
      "plan.yaml:3:16: agents.two: expected a module like ./agents.mjs or ./agents.mjs#engineer, got 2.",
      'plan.yaml:5:9: tasks[0].id: expected text, got 1. Put it in quotes: "1".',
      'plan.yaml:6:10: tasks[0].run: expected text, got true. Put it in quotes: "true".',
      'plan.yaml:7:9: tasks[1].id: expected an id: only letters, digits, ".", "_" and "-" are allowed, and the first must be a letter, a digit or "_", got "../x".',
      'plan.yaml:8:17: tasks[1].dependsOn[0]: expected a list of task ids, got 2.5. Put it in quotes: "2.50".',
      "plan.yaml:9:16: tasks[1].timeoutMs: expected a number of milliseconds, more than 0, got -5.",
      'plan.yaml:10:5: tasks[2]: expected a task: an object with an id, got "just text".',
      "plan.yaml:11:5: tasks[3].id: expected text, got nothing.",
      'plan.yaml:11:18: tasks[3].resources.mem: expected one of memoryMiB, tags, got the unknown key "mem".',
    ]);
  });

  it.each([
    [
      "",
      "plan.yaml:1:1: the plan: expected an object with `tasks`, or a planner's answer with `sub_tasks`, got nothing.",
    ],
    [
      "[1]",
      "plan.yaml:1:1: the plan: expected an object with `tasks`, or a planner's answer with `sub_tasks`, got an array.",
    ],
    ["tasks: []", "plan.yaml:1:8: tasks: expected a list of tasks, at least one, got an empty list."],
    [
      "sub_tasks: []",
      "plan.yaml:1:12: sub_tasks: expected a list of steps, at least one, got an empty list.",
    ],
    [
      "sub_tasks: [{ sub_task: '' }]",
      'plan.yaml:1:25: sub_tasks[0].sub_task: expected what is to be done, in words, got "".',
    ],
    ["a: 1\na: 2", "plan.yaml:2:1: the key a stands here a second time; keep one of the two."],
  ])("says of %j what it expected", (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it("refuses keys that would reach into JavaScript", () => {
    expect(problemsOf('{"tasks":[{"id":"a","run":"ls"}],"__proto__":{"dir":"x"}}')).toEqual([
      'plan.yaml:1:34: __proto__: expected one of $schema, dir, agents, options, tasks, got the unknown key "__proto__".',
    ]);
    expect(problemsOf('{"tasks":[{"id":"a","__proto__":{"run":"ls"}}]}')).toHaveLength(1);
  });
});

describe("linkProblems", () => {
  it("finds ids that come twice and ids that nobody has", () => {
    expect(
      links(
        "tasks:\n  - { id: a, run: ls }\n  - { id: a, run: ls, dependsOn: [a, z] }\n  - { id: constructor, run: x }\n",
      ),
    ).toEqual([
      'plan.yaml:3:11: Two tasks are called "a" (number 1 and number 2 in the list). Rename one.',
      'plan.yaml:3:38: Task "a" depends on "z", and there is no such task. Known tasks: a, constructor.',
    ]);
  });

  it("complains once about each agent that nobody named, and about each task that nothing does", () => {
    const text =
      "tasks:\n  - { id: a, agent: x }\n  - { id: b, agent: x }\n  - { id: c }\n  - { id: d, agent: toString }\n";
    expect(links(text).map((line) => line.split(" Add ")[0])).toEqual([
      'plan.yaml:2:21: Task "a" asks for the agent "x", which nobody named.',
      'plan.yaml:4:5: Task "c" has no `run` and no `agent`.',
      'plan.yaml:5:21: Task "d" asks for the agent "toString", which nobody named.',
    ]);
    expect(links(text, { names: new Set(["x"]), hasDefault: false })).toHaveLength(2);
    expect(links(text, { names: new Set(), hasDefault: true })).toEqual([]);
  });

  it("speaks of the steps of a planner's answer by their place", () => {
    expect(links("sub_tasks: [{ sub_task: x }, { sub_task: y, sub_task_agent: eng }]")).toEqual([
      'plan.yaml:1:13: Task "step-1" has no `run` and no `agent`. Add one, or give all such tasks an agent with --agent MODULE.',
      'plan.yaml:1:61: Task "step-2" asks for the agent "eng", which nobody named. Add it under `agents`, or give --agent eng=MODULE (--agent MODULE for all).',
    ]);
  });
});
