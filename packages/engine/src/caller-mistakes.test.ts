import { scriptedAgent } from "@sheaf/testkit";
import { describe, expect, test } from "vitest";
import { executeWithParallelism, type RunOptions } from "./index.ts";
import { OPTIONS } from "./run-rig.ts";

const circular = (): object => {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
};

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};

describe("mistakes of the caller throw at once", () => {
  const start =
    (run: unknown, agent: unknown = () => 1, options: RunOptions = {}) =>
    () =>
      executeWithParallelism(run as never, agent as never, { ...OPTIONS, ...options });

  test.each([
    ["no tasks", [], "TASKS_EMPTY"],
    [
      "a cycle",
      [
        { id: "a", dependsOn: ["b"] },
        { id: "b", dependsOn: ["a"] },
      ],
      "GRAPH_CYCLE",
    ],
    ["an unknown id", [{ id: "a", dependsOn: ["zzz"] }], "EDGE_UNKNOWN_TASK"],
    ["a task that depends on itself", [{ id: "a", dependsOn: ["a"] }], "EDGE_SELF_LOOP"],
    ["a duplicate id", [{ id: "a" }, { id: "a" }], "TASK_ID_DUPLICATE"],
    ["an id that is a path", [{ id: "../x" }], "TASK_ID_INVALID"],
    ["a number as an id", [{ id: 7 }], "TASK_ID_INVALID"],
    ["no object", ["a"], "TASK_INVALID"],
    ["a wrong type", [{ id: "a", retries: "3" }], "TASK_INVALID"],
    ["a misspelt key", [{ id: "a", retrys: 3 }], "TASK_INVALID"],
    ["a negative timeout", [{ id: "a", timeoutMs: -1 }], "TASK_INVALID"],
    ["a read outside", [{ id: "a", reads: ["../x"] }], "TASK_INVALID"],
    ["retries beside effects", [{ id: "a", effects: ["api:x"], retries: 1 }], "TASK_INVALID"],
    ["a NUL character in a command", [{ id: "a", run: "echo \0" }], "TASK_INVALID"],
    ["a command and an agent", [{ id: "a", run: "ls", agent: "x" }], "TASK_INVALID"],
    ["its own output", [{ id: "a", run: "echo ${a.output}" }], "TASK_INVALID"],
    ["the output of no task, in a command", [{ id: "a", run: "echo ${x.output}" }], "TASK_INVALID"],
    ["the output of no task, in an input", [{ id: "a", input: [{ x: "${x.output}" }] }], "TASK_INVALID"],
    ["the output of a later task", [{ id: "a", input: "${b.output}" }, { id: "b" }], "TASK_INVALID"],
    ["nothing in the place of a task", [undefined], "TASK_INVALID"],
    // biome-ignore lint/suspicious/noSparseArray: a hole is the case
    ["a hole in the list", [{ id: "a" }, , { id: "b" }], "TASK_INVALID"],
    ["input that holds itself", [{ id: "a", input: circular() }], "TASK_INVALID"],
    ["input without a bottom", [{ id: "a", input: nested(20_000) }], "TASK_INVALID"],
    ["no list", "tasks", "OPTION_INVALID"],
    ["a directory that is not there", { dir: "/absent/dir", tasks: [{ id: "a" }] }, "DIR_UNUSABLE"],
  ])("%s", (_what, run, code) => {
    expect(start(run)).toThrow(expect.objectContaining({ code }));
  });

  test("a misspelt key is told with the right one", () => {
    expect(start([{ id: "a", retrys: 3 }])).toThrow(
      'Task "a": expected `retrys` to be spelled "retries", got 3.',
    );
  });

  test("a reference that nobody serves is told with its place and the reason", () => {
    expect(start([{ id: "a", input: [{ x: "<${x.output.y}>" }] }])).toThrow(
      'Task "a": expected `input.0.x` to be a text that takes only outputs of tasks in the list (there is no task "x"), got "${x.output.y}".',
    );
    expect(start([{ id: "a", run: "echo ${b.output}" }, { id: "b" }])).toThrow(
      'Task "a": expected `run` to be a text that takes only outputs of earlier tasks ("b" comes after it: move it up, or declare dependsOn: ["b"]), got "${b.output}".',
    );
  });

  test("what is there is told as it was written", () => {
    expect(start([{ id: "a", retries: "3" }])).toThrow(/from 0 to 100, got "3"\.$/);
    expect(start([{ id: "a", timeoutMs: Number.POSITIVE_INFINITY }])).toThrow(/got Infinity\.$/);
    expect(start([{ id: "a" }], () => 1, { maxWorkers: Number.NaN })).toThrow(/got NaN\.$/);
    expect(start([undefined])).toThrow(
      'Task "number 1": expected it to be a task: an object with an id, got undefined.',
    );
    expect(start([{ id: "a", input: circular() }])).toThrow(
      "plain data that can be copied (it holds itself), got an object that cannot be shown.",
    );
  });

  test("an agent that is none, or that nobody named", () => {
    expect(start([{ id: "a" }], 7)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(start({ tasks: [{ id: "a", agent: "x" }], agents: { y: () => 1 } }, null)).toThrow(/agent/);
    expect(() => executeWithParallelism([{ id: "a" }], undefined, OPTIONS)).toThrow(
      /agent for tasks that name none/,
    );
  });

  test("a plain function asked to run in a thread, with what to do", () => {
    expect(start([{ id: "a" }], () => 1, { executor: "thread" })).toThrow(
      /defineAgent\(\{ name, run \}, import\.meta\.url\)/,
    );
  });

  test("a server of models whose URL is none, whether or not a task asks it", () => {
    expect(start([{ id: "a" }], () => 1, { env: { OPENAI_BASE_URL: "localhost:1/v1" } })).toThrow(
      "Expected `OPENAI_BASE_URL` to be an http or https URL",
    );
  });

  test("an agent module that is not there", () => {
    expect(start([{ id: "a" }], { module: "/absent/agents.mjs" })).toThrow(/no such file/);
  });

  test.each([
    ["signal", 3],
    ["signal", { aborted: false }],
    ["clock", {}],
    ["clock", () => 0],
    ["validate", "yes"],
    ["env", "PATH"],
    ["env", null],
    ["costWeights", []],
    ["tags", [3]],
    ["maxWorkers", "3"],
  ])("the option %s with a value of the wrong type, before anything starts", (option, value) => {
    const agent = scriptedAgent();
    expect(start([{ id: "a" }], agent.run, { [option]: value } as never)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", details: expect.objectContaining({ option }) }),
    );
    expect(agent.started).toEqual([]);
  });

  test.each([[null], [[]], ["fast"], [3]])("options that are no object: %j", (options) => {
    expect(() => executeWithParallelism([{ id: "a" }], () => 1, options as never)).toThrow(
      expect.objectContaining({
        code: "OPTION_INVALID",
        details: expect.objectContaining({ option: "options" }),
      }),
    );
  });

  test.each([
    ["agents", () => 1],
    ["agents", [() => 1]],
    ["agents.unused", 7],
  ])("agents that are none: %s", (option, agents) => {
    const given = option === "agents" ? agents : { unused: agents };
    expect(start({ tasks: [{ id: "a" }], agents: given })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", details: expect.objectContaining({ option }) }),
    );
  });

  test("an unknown option, with the one that was meant", () => {
    expect(start([{ id: "a" }], () => 1, { maxworkers: 3 } as never)).toThrow(/`maxWorkers`/);
  });
});
