import { type Task, type TaskSpec, taskId } from "@sheaf/core";
import { describe, expect, it } from "vitest";
import { findReferences } from "./references.ts";

const listOf = (...tasks: TaskSpec[]): Task[] =>
  tasks.map((task) => ({ ...task, id: taskId(task.id) }) as Task);

describe("findReferences", () => {
  it("finds output references in description, command and input", () => {
    const { edges, warnings } = findReferences(
      listOf(
        { id: "a.b" },
        { id: "constructor" },
        { id: "c", description: `plot \${a.b.output.rows.0}` },
        { id: "d", run: `fit \${constructor.output}` },
        { id: "e", input: { deep: [{ text: `\${c.output}` }, 3, null] } },
      ),
    );
    expect(edges.map((e) => [e.from, e.to, e.evidence, e.probability])).toEqual([
      ["a.b", "c", `\${a.b.output.rows.0}`, 1],
      ["constructor", "d", `\${constructor.output}`, 1],
      ["c", "e", `\${c.output}`, 1],
    ]);
    expect(new Set(edges.map((e) => `${e.kind} ${e.source}`))).toEqual(new Set(["data reference"]));
    expect(warnings).toEqual([]);
  });

  it("says how to mend a reference that no earlier task can serve", () => {
    const { edges, warnings } = findReferences(
      listOf({ id: "b", run: `echo \${c.output} \${b.output} \${x.output} \${x.output}` }, { id: "c" }),
    );
    expect(edges).toEqual([]);
    expect(warnings).toEqual([
      `Task b refers to \${c.output}, but c comes after it in the list. Move c before b, or declare dependsOn.`,
      `Task b refers to \${b.output}, but that is its own output. Refer to an earlier task.`,
      `Task b refers to \${x.output}, but there is no task x. Refer to a task of the list by its id.`,
    ]);
  });

  it("takes words for less than certain, and only from descriptions", () => {
    const { edges } = findReferences(
      listOf(
        { id: "fetch", description: "the output of plot comes later" },
        { id: "plot", description: "plot the output of fetch", run: "echo after step 1", input: "step 1" },
        { id: "say", run: "echo the output of fetch", input: "`fetch`" },
      ),
    );
    expect(edges).toEqual([
      {
        from: "fetch",
        to: "plot",
        kind: "data",
        source: "reference",
        probability: 0.9,
        evidence: "output of fetch",
      },
    ]);
  });
});
