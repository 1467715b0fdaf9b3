import { expect, test } from "vitest";
import { fromDot, toDot } from "./dot.ts";

test("a hand-written graph is read: chains, quotes, comments, attributes, with and without semicolons", () => {
  const graph = fromDot(`
    # made by hand
    strict digraph "my plan" {
      rankdir=LR; node [shape=box, style="rounded"]; graph [label = "it's; a -> plan"]
      fetch [label="Fetch // the data"];  // not an edge
      /* a block -> comment
         over two lines */
      fetch -> "fit-model" -> plot [label="data" color=red;]
      "fit-model" -> report [weight=2][style=dotted] Größe
    }`);
  expect(graph.ids).toEqual(["fetch", "fit-model", "plot", "report", "Größe"]);
  const plain = { kind: "order", source: "declared", probability: 1, evidence: "" };
  expect(graph.edges).toEqual([
    { from: "fetch", to: "fit-model", ...plain },
    { from: "fit-model", to: "plot", ...plain },
    { from: "fit-model", to: "report", ...plain },
  ]);
});

test("attributes of our own say what an edge is", () => {
  const graph = fromDot(
    'digraph { a -> b [kind=file, source="learned", probability=.5, evidence="out/\\"x\\".csv"]; }',
  );
  expect(graph.edges).toEqual([
    { from: "a", to: "b", kind: "file", source: "learned", probability: 0.5, evidence: 'out/"x".csv' },
  ]);
});

test("text in quotes that DOT allows and JSON does not is taken by DOT's rules", () => {
  const graph = fromDot('digraph { a -> b [evidence="left\\l a\\\nb \\"q\\""]; }');
  expect(graph.edges[0]!.evidence).toBe('left\\l ab "q"');
});

test("keywords are ids when they stand in quotes", () => {
  expect(fromDot('DIGRAPH { "node" -> "digraph" -> "subgraph"; }').ids).toEqual([
    "node",
    "digraph",
    "subgraph",
  ]);
});

test("what is written names all tasks first, in order, and quotes every id", () => {
  const graph = fromDot(
    'digraph { b; a; a -> b [kind=data, source=llm, probability=0.25, evidence="says \\"so\\""]; c -> b }',
  );
  expect(toDot(graph)).toBe(`digraph tasks {
  "b";
  "a";
  "c";
  "a" -> "b" [label="data", kind="data", source="llm", probability="0.25", evidence="says \\"so\\""];
  "c" -> "b";
}
`);
});

test("a reduced picture leaves out the edges that longer paths imply", () => {
  expect(toDot(fromDot("digraph { a -> b -> c; a -> c; }"), { reduced: true })).not.toContain('"a" -> "c"');
});

test.each([
  ["graph { a -- b }", 'line 1: expected "digraph", got "graph"'],
  ["digraph {\n a -- b\n}", 'line 2: expected a node, an edge or }, got "--"'],
  ["digraph {\n a ->\n}", 'line 3: expected a node, got "}"'],
  ["digraph { a -> b", "line 1: expected a node, an edge or }, got the end of the text"],
  ["digraph { a } b", 'line 1: expected the end of the text, got "b"'],
  ["digraph { a [shape] }", 'line 1: expected =, got "]"'],
  ["digraph { a [shape=] }", 'line 1: expected the value of the attribute, got "]"'],
  ["digraph {\n subgraph s { a }\n}", 'line 2: expected no subgraph: only nodes and edges are read, got "s"'],
  ["digraph { a -> { b c } }", 'line 1: expected a node, got "{"'],
  ["digraph {\n\n fit-model -> b }", 'line 3: expected a name, got "-"'],
  ['digraph { a; "open }', 'line 1: expected a name, got "\\""'],
  ["digraph { a -> b [kind=magic] }", "line 1: expected kind to be one of data, file, api, logic, order"],
  [
    "digraph { a -> b [probability=likely] }",
    'line 1: expected probability to be a number from 0 to 1, got "likely"',
  ],
  ["", 'line 1: expected "digraph", got the end of the text'],
])("what is not understood is refused with its line: %j", (text, problem) => {
  expect(() => fromDot(text)).toThrow(`This is not a graph in DOT form: ${problem}`);
});

test("ids that could not be file names are refused", () => {
  expect(() => fromDot('digraph { "b c" }')).toThrow('The task id "b c" cannot be used');
});
