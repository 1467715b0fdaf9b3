import { expect, test } from "vitest";
import { indexHeap } from "./index-heap.ts";

test("indices come out by key, equal keys by index, whatever the order they went in", () => {
  const keys = Float64Array.from({ length: 500 }, (_, i) => (i * 7919) % 61);
  const heap = indexHeap(keys);
  for (let k = 0; k < 500; k++) heap.push((k * 37) % 500);
  const out = Array.from({ length: 500 }, () => heap.pop()!);
  expect(out).toEqual([...keys.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b));
  expect(heap.size).toBe(0);
});

test("a heap that is emptied half way takes further indices", () => {
  const heap = indexHeap(Float64Array.of(3, 1, 2, 0));
  heap.push(0);
  heap.push(1);
  expect([heap.pop(), heap.peek(), heap.size]).toEqual([1, 0, 1]);
  heap.push(3);
  heap.push(2);
  expect([heap.pop(), heap.pop(), heap.pop(), heap.pop(), heap.peek()]).toEqual([
    3,
    2,
    0,
    undefined,
    undefined,
  ]);
});
