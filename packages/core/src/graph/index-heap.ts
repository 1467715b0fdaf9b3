/** A binary heap of indices. The one with the least key comes first, of equal keys the least index. */
export interface IndexHeap {
  readonly size: number;
  /** `keys[index]` must not change until the index is popped. */
  push(index: number): void;
  /** The first index; undefined when the heap is empty. */
  peek(): number | undefined;
  /** Takes the first index out; undefined when the heap is empty. */
  pop(): number | undefined;
}

/** Makes an empty heap over `keys`; it holds each index at most once. */
export function indexHeap(keys: Float64Array): IndexHeap {
  const items = new Uint32Array(keys.length);
  let size = 0;
  const before = (a: number, b: number): boolean => keys[a]! < keys[b]! || (keys[a] === keys[b] && a < b);

  const sink = (item: number): void => {
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && before(items[child + 1]!, items[child]!)) child += 1;
      if (before(item, items[child]!)) break;
      items[place] = items[child]!;
      place = child;
    }
    items[place] = item;
  };

  return {
    get size() {
      return size;
    },
    push(index) {
      let place = size++;
      while (place > 0) {
        const parent = (place - 1) >> 1;
        if (!before(index, items[parent]!)) break;
        items[place] = items[parent]!;
        place = parent;
      }
      items[place] = index;
    },
    peek: () => (size === 0 ? undefined : items[0]),
    pop() {
      if (size === 0) return undefined;
      const first = items[0]!;
      size -= 1;
      if (size > 0) sink(items[size]!);
      return first;
    },
  };
}
