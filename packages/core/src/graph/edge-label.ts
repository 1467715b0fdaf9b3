import { EDGE_KINDS, EDGE_SOURCES, type Edge } from "../edge.ts";
import { show } from "../errors.ts";

/** What an edge says beside its two ends. Exchange formats carry it as attributes. */
export type EdgeLabel = Omit<Edge, "from" | "to">;

/** What an edge says that was drawn by hand, as an arrow and nothing more. */
export const PLAIN_EDGE: EdgeLabel = { kind: "order", source: "declared", probability: 1, evidence: "" };

/** Returns what an edge says beside its two ends. */
export function edgeLabel({ kind, source, probability, evidence }: Edge): EdgeLabel {
  return { kind, source, probability, evidence };
}

/** Tells whether an arrow alone says all that the edge says. */
export function isPlainEdge(edge: Edge): boolean {
  return (Object.keys(PLAIN_EDGE) as (keyof EdgeLabel)[]).every((key) => edge[key] === PLAIN_EDGE[key]);
}

/**
 * Reads what an edge says from attributes of a file; what is absent is that of a plain edge. `fail` is given what is
 * wrong with them.
 */
export function readEdgeLabel(
  given: { readonly [Key in keyof EdgeLabel]?: unknown },
  fail: (problem: string) => never,
): EdgeLabel {
  const label = {
    ...PLAIN_EDGE,
    ...Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)),
  };
  const { kind, source, probability, evidence } = label;
  if (!EDGE_KINDS.includes(kind))
    fail(`expected kind to be one of ${EDGE_KINDS.join(", ")}, got ${show(kind)}`);
  if (!EDGE_SOURCES.includes(source)) {
    fail(`expected source to be one of ${EDGE_SOURCES.join(", ")}, got ${show(source)}`);
  }
  if (typeof probability !== "number" || !(probability >= 0 && probability <= 1)) {
    fail(`expected probability to be a number from 0 to 1, got ${show(probability)}`);
  }
  if (typeof evidence !== "string") fail(`expected evidence to be text, got ${show(evidence)}`);
  return { kind, source, probability, evidence };
}
