import { Graph as GraphlibGraph, json } from "@dagrejs/graphlib";
import type { Edge } from "../edge.ts";
import { SheafError, show } from "../errors.ts";
import { describeType, taskId } from "../ids.ts";
import { type EdgeLabel, edgeLabel, readEdgeLabel } from "./edge-label.ts";
import { buildGraph, type Graph } from "./graph.ts";

/** A graph in the JSON form of @dagrejs/graphlib: `graphlib.json.read` takes it. */
export interface GraphlibJson {
  readonly options: {
    readonly directed?: boolean;
    readonly multigraph?: boolean;
    readonly compound?: boolean;
  };
  readonly nodes: readonly { readonly v: string }[];
  readonly edges: readonly { readonly v: string; readonly w: string; readonly value: EdgeLabel }[];
}

// graphlib keeps nodes as keys of plain objects: it takes "constructor" for a node that it has, loses "__proto__",
// and moves "7" before all others. Behind a prefix every id is an ordinary key.
const inside = (id: string): string => `#${id}`;
const outside = (key: string): string => key.slice(1);

/** Returns the graph as graphlib's JSON. An edge's kind, source, probability and evidence are its `value`. */
export function toGraphlibJson(graph: Graph): GraphlibJson {
  const model = new GraphlibGraph({ directed: true });
  for (const id of graph.ids) model.setNode(inside(id));
  for (const edge of graph.edges) model.setEdge(inside(edge.from), inside(edge.to), edgeLabel(edge));
  const { options, nodes, edges } = json.write(model);
  return {
    options,
    nodes: nodes.map(({ v }) => ({ v: outside(v) })),
    edges: edges.map(({ v, w, value }) => ({ v: outside(v), w: outside(w), value: value as EdgeLabel })),
  };
}

/**
 * Reads graphlib's JSON: the parsed object, not its text. Values of nodes, parents and names of edges are passed
 * over; an edge without a value is a plain declared one.
 *
 * @throws SheafError GRAPH_FORMAT, TASK_ID_INVALID, EDGE_SELF_LOOP
 */
export function fromGraphlibJson(value: unknown): Graph {
  const { nodes, edges } = checked(value);
  const model = json.read<unknown, unknown, unknown>({
    options: { directed: true, multigraph: true, compound: false },
    nodes: nodes.map((v) => ({ v: inside(v) })),
    // Named apart, so that repeated edges reach buildGraph, which knows which of them to keep.
    edges: edges.map((edge, i) => ({
      v: inside(edge.v),
      w: inside(edge.w),
      name: String(i),
      value: edge.label,
    })),
  });
  return buildGraph(
    model.nodes().map((key) => taskId(outside(key))),
    model.edges().map((edge): Edge => {
      const from = taskId(outside(edge.v));
      return { from, to: taskId(outside(edge.w)), ...(model.edge(edge) as EdgeLabel) };
    }),
  );
}

interface CheckedJson {
  readonly nodes: readonly string[];
  readonly edges: readonly { readonly v: string; readonly w: string; readonly label: EdgeLabel }[];
}

function fail(problem: string): never {
  throw new SheafError("GRAPH_FORMAT", { format: "graphlib JSON", problem });
}

function checked(value: unknown): CheckedJson {
  const graph = objectAt("the graph", value);
  const { directed } = objectAt("options", graph.options ?? {});
  if (directed === false) fail("expected a directed graph, got options.directed false");
  const nodes = listAt("nodes", graph.nodes).map((node, i) =>
    textAt(`nodes[${i}].v`, objectAt(`nodes[${i}]`, node).v),
  );
  const known = new Set<string>();
  nodes.forEach((id, i) => {
    if (known.has(id)) fail(`nodes[${i}] repeats ${show(id)}`);
    known.add(id);
  });
  const edges = listAt("edges", graph.edges).map((entry, i) => {
    const at = `edges[${i}]`;
    const { v, w, value: label = {} } = objectAt(at, entry);
    for (const end of [textAt(`${at}.v`, v), textAt(`${at}.w`, w)]) {
      if (!known.has(end)) fail(`${at} names ${show(end)}, which is not among the nodes`);
    }
    const given = objectAt(`${at}.value`, label);
    return {
      v: v as string,
      w: w as string,
      label: readEdgeLabel(given, (problem) => fail(`${at}: ${problem}`)),
    };
  });
  return { nodes, edges };
}

function objectAt(where: string, value: unknown): Readonly<Record<string, unknown>> {
  if (describeType(value) !== "an object")
    fail(`expected ${where} to be an object, got ${describeType(value)}`);
  return value as Record<string, unknown>;
}

function listAt(where: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) fail(`expected ${where} to be a list, got ${describeType(value)}`);
  return value as readonly unknown[];
}

function textAt(where: string, value: unknown): string {
  if (typeof value !== "string") fail(`expected ${where} to be text, got ${describeType(value)}`);
  return value as string;
}
