import type { Edge } from "../edge.ts";
import { show } from "../errors.ts";
import { type TaskId, taskId } from "../ids.ts";
import { type DotToken, dotTokens, failDot } from "./dot-tokens.ts";
import { type EdgeLabel, edgeLabel, isPlainEdge, readEdgeLabel } from "./edge-label.ts";
import { buildGraph, type Graph } from "./graph.ts";
import { transitiveReduction } from "./transitive-reduction.ts";

export interface DotOptions {
  /** Leave out edges that longer paths imply. Needs an acyclic graph. @default false */
  readonly reduced?: boolean;
}

/**
 * Returns the graph in Graphviz's DOT language. What an edge says is written as attributes of it, which Graphviz
 * passes over; its kind is also the edge's label.
 *
 * @throws SheafError GRAPH_CYCLE when `reduced` is asked of a cyclic graph.
 */
export function toDot(graph: Graph, options: DotOptions = {}): string {
  const edges = options.reduced === true ? transitiveReduction(graph) : graph.edges;
  const nodeLines = graph.ids.map((id) => `  ${JSON.stringify(id)};`);
  const edgeLines = edges.map((edge) => {
    const ends = `  ${JSON.stringify(edge.from)} -> ${JSON.stringify(edge.to)}`;
    return isPlainEdge(edge) ? `${ends};` : `${ends} [${attributesOf(edge)}];`;
  });
  return ["digraph tasks {", ...nodeLines, ...edgeLines, "}", ""].join("\n");
}

function attributesOf(edge: Edge): string {
  return Object.entries({ label: edge.kind, ...edgeLabel(edge) })
    .map(([name, value]) => `${name}=${JSON.stringify(String(value))}`)
    .join(", ");
}

/**
 * Reads a graph from DOT: nodes, edges, chains of edges and comments. Attributes are passed over, but for an edge's
 * `kind`, `source`, `probability` and `evidence`; ports, subgraphs and undirected edges are not read.
 *
 * @throws SheafError GRAPH_FORMAT, TASK_ID_INVALID, EDGE_SELF_LOOP
 * @example fromDot("digraph { fetch -> fit -> plot; }").ids // ["fetch", "fit", "plot"]
 */
export function fromDot(text: string): Graph {
  const reader = dotReader(dotTokens(text));
  const ids = new Set<TaskId>();
  const edges: Edge[] = [];
  reader.word("strict");
  if (!reader.word("digraph")) reader.fail('"digraph"');
  if (!reader.mark("{")) {
    reader.name("a name or {");
    if (!reader.mark("{")) reader.fail("{");
  }
  while (!reader.mark("}")) readStatement(reader, ids, edges);
  if (!reader.ended()) reader.fail("the end of the text");
  return buildGraph([...ids], edges);
}

function readStatement(reader: DotReader, ids: Set<TaskId>, edges: Edge[]): void {
  if (reader.mark(";")) return;
  if (reader.word("graph") || reader.word("node") || reader.word("edge")) {
    readAttributes(reader);
    return;
  }
  if (reader.word("subgraph")) reader.fail("no subgraph: only nodes and edges are read");
  const line = reader.line();
  const chain = [reader.name("a node, an edge or }")];
  if (reader.mark("=")) {
    reader.name("the value of the attribute");
    return;
  }
  while (reader.mark("->")) chain.push(reader.name("a node"));
  const attributes = readAttributes(reader);
  const nodes = chain.map(taskId);
  for (const id of nodes) ids.add(id);
  const label = readEdgeLabel(attributes, (problem) => failDot(line, problem));
  for (let i = 1; i < nodes.length; i++) edges.push({ from: nodes[i - 1]!, to: nodes[i]!, ...label });
}

/** Reads `[name=value, ...]` lists, as many as there are, and returns what is ours. */
function readAttributes(reader: DotReader): { readonly [Key in keyof EdgeLabel]?: unknown } {
  const found = new Map<string, string>();
  while (reader.mark("[")) {
    while (!reader.mark("]")) {
      const name = reader.name("the name of an attribute or ]");
      if (!reader.mark("=")) reader.fail("=");
      found.set(name, reader.name("the value of the attribute"));
      if (!reader.mark(",")) reader.mark(";");
    }
  }
  const probability = found.get("probability");
  return {
    kind: found.get("kind"),
    source: found.get("source"),
    probability: probability === undefined ? undefined : numberIn(probability),
    evidence: found.get("evidence"),
  };
}

/** The number that a text is, or the text itself, for the error message, when it is none. */
function numberIn(text: string): number | string {
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

/** Goes through tokens. `word` and `mark` take the next token only when it is that one. */
interface DotReader {
  /** A keyword: in any case, and never in quotes. */
  word(keyword: string): boolean;
  mark(mark: string): boolean;
  /** Takes a name, quoted or not, or fails with what was expected. */
  name(expected: string): string;
  ended(): boolean;
  line(): number;
  fail(expected: string): never;
}

function dotReader(tokens: readonly DotToken[]): DotReader {
  let at = 0;
  const take = (fits: (token: DotToken) => boolean): boolean => {
    const taken = fits(tokens[at]!);
    if (taken) at += 1;
    return taken;
  };
  const fail = (expected: string): never => {
    const { kind, text, line } = tokens[at]!;
    return failDot(line, `expected ${expected}, got ${kind === "end" ? "the end of the text" : show(text)}`);
  };
  return {
    word: (keyword) => take(({ kind, text }) => kind === "name" && text.toLowerCase() === keyword),
    mark: (mark) => take(({ kind, text }) => kind === "mark" && text === mark),
    name(expected) {
      if (!take(({ kind }) => kind === "name" || kind === "quoted")) fail(expected);
      return tokens[at - 1]!.text;
    },
    ended: () => tokens[at]!.kind === "end",
    line: () => tokens[at]!.line,
    fail,
  };
}
