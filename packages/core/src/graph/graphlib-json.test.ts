import { json } from "@dagrejs/graphlib";
import { expect, test } from "vitest";
import { fromDot } from "./dot.ts";
import { fromGraphlibJson, toGraphlibJson } from "./graphlib-json.ts";

const graph = fromDot(
  'digraph { fetch -> fit [kind="data", source="llm", probability=0.8, evidence="reads it"]; }',
);

test("an edge's label travels as its value, and graphlib reads what is written", () => {
  const written = toGraphlibJson(graph);
  expect(written).toEqual({
    options: { directed: true, multigraph: false, compound: false },
    nodes: [{ v: "fetch" }, { v: "fit" }],
    edges: [
      {
        v: "fetch",
        w: "fit",
        value: { kind: "data", source: "llm", probability: 0.8, evidence: "reads it" },
      },
    ],
  });
  const model = json.read(structuredClone(written) as never);
  expect(model.successors("fetch")).toEqual(["fit"]);
});

test("ids that graphlib itself loses or reorders come through", () => {
  const names = ["b", "constructor", "__proto__", "10", "9"];
  const awkward = fromDot(`digraph { ${names.map((name) => `"${name}"`).join(" -> ")}; }`);
  const back = fromGraphlibJson(JSON.parse(JSON.stringify(toGraphlibJson(awkward))));
  expect(back.ids).toEqual(names);
  expect(back.edges).toEqual(awkward.edges);
});

test("what graphlib writes for a graph of someone else's making is read, values of other kinds aside", () => {
  const read = fromGraphlibJson({
    options: { directed: true, multigraph: true, compound: false },
    nodes: [{ v: "a", value: { label: "A" } }, { v: "b" }],
    edges: [
      { v: "a", w: "b", name: "y" },
      { v: "a", w: "b", name: "x", value: { probability: 0.2, source: "llm", colour: "red" } },
    ],
    value: "a label of the graph",
  });
  const plain = { kind: "order", source: "declared", probability: 1, evidence: "" };
  expect(read.edges).toEqual([{ from: "a", to: "b", ...plain }]);
});

const nodes = [{ v: "a" }, { v: "b" }];
test.each([
  ["text", "expected the graph to be an object, got a string"],
  [{ nodes }, "expected edges to be a list, got missing"],
  [{ nodes: {}, edges: [] }, "expected nodes to be a list, got an object"],
  [{ nodes: [{ v: 1 }], edges: [] }, "expected nodes[0].v to be text, got a number"],
  [{ nodes: ["a"], edges: [] }, "expected nodes[0] to be an object, got a string"],
  [{ nodes: [...nodes, { v: "a" }], edges: [] }, 'nodes[2] repeats "a"'],
  [{ nodes, edges: [{ v: "a", w: "x" }] }, 'edges[0] names "x", which is not among the nodes'],
  [{ nodes, edges: [{ v: "a" }] }, "expected edges[0].w to be text, got missing"],
  [
    { nodes, edges: [{ v: "a", w: "b", value: { kind: "magic" } }] },
    'edges[0]: expected kind to be one of data, file, api, logic, order, got "magic"',
  ],
  [
    { nodes, edges: [{ v: "a", w: "b", value: { source: "constructor" } }] },
    "edges[0]: expected source to be one of declared, corrected, files, reference, llm, learned, assumed",
  ],
  [
    { nodes, edges: [{ v: "a", w: "b", value: { probability: 2 } }] },
    "edges[0]: expected probability to be a number from 0 to 1, got 2",
  ],
  [
    { nodes, edges: [{ v: "a", w: "b", value: { evidence: null } }] },
    "edges[0]: expected evidence to be text, got null",
  ],
  [
    { nodes, edges: [], options: { directed: false } },
    "expected a directed graph, got options.directed false",
  ],
])("what is no graph is refused with what is wrong: %j", (value, problem) => {
  expect(() => fromGraphlibJson(value)).toThrow(`This is not a graph in graphlib JSON form: ${problem}`);
});

test("ids that could not be file names are refused", () => {
  expect(() => fromGraphlibJson({ nodes: [{ v: "../up" }], edges: [] })).toThrow(
    'The task id "../up" cannot be used',
  );
});
