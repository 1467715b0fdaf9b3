import type { Edge } from "../edge.ts";
import { show } from "../errors.ts";
import { type TaskId, taskId } from "../ids.ts";
import { type EdgeLabel, edgeLabel, isPlainEdge, PLAIN_EDGE, readEdgeLabel } from "./edge-label.ts";
import { buildGraph, type Graph } from "./graph.ts";
import { failMermaid, readMermaid } from "./read-mermaid.ts";
import { transitiveReduction } from "./transitive-reduction.ts";

export interface MermaidOptions {
  /** Leave out edges that longer paths imply. Needs an acyclic graph. @default false */
  readonly reduced?: boolean;
  /** Top down or left to right. @default "TD" */
  readonly direction?: "TD" | "LR";
}

// Mermaid has no attributes, so what it cannot hold travels in comments that begin like this.
const OURS = "sheaf:";
const LABELS_ARE_IDS = `${OURS} labels are task ids`;
const EDGE_COMMENT = /^sheaf: (\S+ \S+) (\[.*\])$/s;

/**
 * Returns the graph as a Mermaid flowchart. Nodes are called n0, n1, ... since Mermaid keeps words such as "end" for
 * itself; their labels are the ids. What an edge says follows it as a comment, its kind is also written on it.
 *
 * @throws SheafError GRAPH_CYCLE when `reduced` is asked of a cyclic graph.
 */
export function toMermaid(graph: Graph, options: MermaidOptions = {}): string {
  const edges = options.reduced === true ? transitiveReduction(graph) : graph.edges;
  const lines = [`flowchart ${options.direction ?? "TD"}`, `  %% ${LABELS_ARE_IDS}`];
  graph.ids.forEach((id, i) => {
    lines.push(`  n${i}["${escaped(id)}"]`);
  });
  for (const edge of edges) {
    const from = `n${graph.indexOf(edge.from)!}`;
    const to = `n${graph.indexOf(edge.to)!}`;
    lines.push(`  ${from} -->${edge.kind === "order" ? "" : `|${edge.kind}|`} ${to}`);
    if (!isPlainEdge(edge)) lines.push(`  %% ${OURS} ${from} ${to} ${commentOf(edge)}`);
  }
  return `${lines.join("\n")}\n`;
}

function escaped(id: string): string {
  return id.replace(/[^\p{L}\p{N}\p{M}._-]/gu, (sign) => `#${sign.codePointAt(0)};`);
}

function commentOf(edge: Edge): string {
  const { kind, source, probability, evidence } = edgeLabel(edge);
  // Braces in a comment can be taken for one of Mermaid's directives.
  return JSON.stringify([kind, source, probability, evidence]).replace(/[{}]/g, (brace) =>
    brace === "{" ? "\\u007b" : "\\u007d",
  );
}

/**
 * Reads a graph from a Mermaid flowchart: nodes with or without a label, arrows with or without a text, chains,
 * comments. The ids are the names of the nodes, or, in what `toMermaid` wrote, their labels. Subgraphs, classes and
 * styles are not read.
 *
 * @throws SheafError GRAPH_FORMAT, TASK_ID_INVALID, EDGE_SELF_LOOP
 * @example fromMermaid("flowchart TD\n  fetch --> fit --> plot").ids // ["fetch", "fit", "plot"]
 */
export function fromMermaid(text: string): Graph {
  const chart = readMermaid(text);
  const labelled = chart.comments.some((comment) => comment.text === LABELS_ARE_IDS);
  const edgeLabels = new Map<string, EdgeLabel>();
  for (const comment of chart.comments) {
    const found = EDGE_COMMENT.exec(comment.text);
    if (found !== null) edgeLabels.set(found[1]!, readComment(found[2]!, comment.line));
  }
  const idOf = (node: string): TaskId => {
    const label = labelled ? chart.nodes.get(node) : undefined;
    return taskId(label === undefined ? node : unescaped(label));
  };
  return buildGraph(
    [...chart.nodes.keys()].map(idOf),
    chart.arrows.map(({ from, to }) => {
      const label = edgeLabels.get(`${from} ${to}`) ?? PLAIN_EDGE;
      return { from: idOf(from), to: idOf(to), ...label };
    }),
  );
}

function readComment(text: string, line: number): EdgeLabel {
  const fail = (problem: string): never => failMermaid(line, problem);
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    fail(`expected [kind, source, probability, evidence] as JSON, got ${show(text)}`);
  }
  const [kind, source, probability, evidence] = values as readonly unknown[];
  return readEdgeLabel({ kind, source, probability, evidence }, fail);
}

function unescaped(label: string): string {
  return label.replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}
