/**
 * The neighbours of every task in compressed rows: those of task `i` are `neighbours[starts[i]]` up to, but without,
 * `neighbours[starts[i + 1]]`. `edges[k]` is the index of the edge that leads to `neighbours[k]`.
 */
export interface Adjacency {
  readonly starts: Uint32Array;
  readonly neighbours: Uint32Array;
  readonly edges: Uint32Array;
}

/** For each edge, the task in whose row it stands and the neighbour that it names there. */
export interface EdgeColumns {
  readonly row: Uint32Array;
  readonly neighbour: Uint32Array;
}

/**
 * Sorts edges into rows, O(tasks + edges). Within a row they stand as in `order`, a list of edge indices, so rows
 * are ascending when `order` comes from the opposite adjacency.
 */
export function adjacency(size: number, columns: EdgeColumns, order: Uint32Array): Adjacency {
  const { row, neighbour } = columns;
  const starts = new Uint32Array(size + 1);
  // Counted loops: for-of over typed arrays takes three times as long until it is compiled, and a plan runs once.
  for (let k = 0; k < order.length; k++) starts[row[order[k]!]! + 1]! += 1;
  for (let i = 0; i < size; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice(0, size);
  const neighbours = new Uint32Array(order.length);
  const edges = new Uint32Array(order.length);
  for (let k = 0; k < order.length; k++) {
    const e = order[k]!;
    const slot = next[row[e]!]!++;
    neighbours[slot] = neighbour[e]!;
    edges[slot] = e;
  }
  return { starts, neighbours, edges };
}

/** Returns 0 to `count - 1`. */
export function indices(count: number): Uint32Array {
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) all[i] = i;
  return all;
}
