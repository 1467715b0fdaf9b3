import { expect, test } from "vitest";
import { fromDot } from "./dot.ts";
import { fromMermaid, toMermaid } from "./mermaid.ts";

test("a hand-written chart is read: chains, labels, texts on arrows, comments, several statements in a line", () => {
  const graph = fromMermaid(
    `
    %% the plan
    flowchart LR
      fetch["Fetch (the) data"] --> fit-model{{fit}} --> plot
      fit-model -->|the "model"| report(Report); plot -- as "png" --> report
      plot -.-> web-site   ==> done;
    `,
  );
  expect(graph.ids).toEqual(["fetch", "fit-model", "plot", "report", "web-site", "done"]);
  expect(graph.edges.map(({ from, to }) => `${from}>${to}`)).toEqual([
    "fetch>fit-model",
    "fit-model>plot",
    "fit-model>report",
    "plot>report",
    "plot>web-site",
    "web-site>done",
  ]);
  expect(graph.edges[2]).toMatchObject({ kind: "order", source: "declared", probability: 1, evidence: "" });
});

test.each([
  "graph TD;\n  a-->b;\n  b-->c;",
  "graph TD; a-->b-->c",
  "flowchart\na --> b\n\nb --> c\n",
  "graph RL\r\na-->b\r\nb-->c",
])("the ways to begin and end a chart are all read: %j", (text) => {
  expect(fromMermaid(text).ids).toEqual(["a", "b", "c"]);
  expect(fromMermaid(text).edges).toHaveLength(2);
});

test("what is written names nodes by number and tasks by label, and keeps what an edge says in comments", () => {
  const graph = fromDot(
    'digraph { end; style; end -> style [kind=data, source=llm, probability=0.5, evidence="{a}"]; style -> "x-1" }',
  );
  const text = toMermaid(graph, { direction: "LR" });
  expect(text).toBe(`flowchart LR
  %% sheaf: labels are task ids
  n0["end"]
  n1["style"]
  n2["x-1"]
  n0 -->|data| n1
  %% sheaf: n0 n1 ["data","llm",0.5,"\\u007ba\\u007d"]
  n1 --> n2
`);
  expect(fromMermaid(text).ids).toEqual(["end", "style", "x-1"]);
  expect(fromMermaid(text).edges).toEqual(graph.edges);
});

test("a reduced picture leaves out the edges that longer paths imply", () => {
  expect(toMermaid(fromDot("digraph { a -> b -> c; a -> c; }"), { reduced: true })).not.toContain(
    "n0 --> n2",
  );
});

test.each([
  ["a --> b", 'line 1: expected "flowchart" or "graph"'],
  ["", 'line 1: expected "flowchart" or "graph", got nothing'],
  ["sequenceDiagram\n a->>b: hi", 'line 1: expected "flowchart" or "graph"'],
  [
    "flowchart UP\n a --> b",
    'line 1: expected "flowchart" or "graph" and TD, TB, BT, LR or RL, got "flowchart UP"',
  ],
  [
    "graph TD\n a --- b",
    'line 2: expected an arrow (-->, -->|text|, -- text -->) or the end of the line, got "--- b"',
  ],
  ["graph TD\n a -->", "line 2: expected the name of a node, got the end of the line"],
  ["graph TD\n\n a[open --> b", "line 3: expected ] after the label"],
  ["graph TD\n a[(db]) --> b", "line 2: expected )] after the label"],
  ["graph TD\n subgraph one\n a --> b\n end", "line 2: expected an arrow"],
  ["graph TD\n a --x b --> c", "line 2: expected an arrow"],
  ["graph TD\n a & b --> c", "line 2: expected an arrow"],
  [
    "graph TD\n a --> b\n %% sheaf: a b [nonsense]",
    "line 3: expected [kind, source, probability, evidence] as JSON",
  ],
  ['graph TD\n a --> b\n %% sheaf: a b ["magic"]', "line 3: expected kind to be one of"],
])("what is not understood is refused with its line: %j", (text, problem) => {
  expect(() => fromMermaid(text)).toThrow(`This is not a graph in Mermaid form: ${problem}`);
});

test("ids that could not be file names are refused", () => {
  expect(() => fromMermaid(`graph TD\n ${"x".repeat(101)}`)).toThrow(
    "it has 101 characters, the most is 100",
  );
});
