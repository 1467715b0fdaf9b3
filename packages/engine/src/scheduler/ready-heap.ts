/** Task indices, the most urgent first: by rank, then by list order. A task is in it at most once. */
export class ReadyHeap {
  readonly #rank: (task: number) => number;
  readonly #heap: number[] = [];
  readonly #at: Int32Array;

  constructor(size: number, rank: (task: number) => number) {
    this.#rank = rank;
    this.#at = new Int32Array(size).fill(-1);
  }

  get size(): number {
    return this.#heap.length;
  }

  has(task: number): boolean {
    return this.#at[task]! >= 0;
  }

  push(task: number): void {
    if (this.has(task)) return;
    this.#heap.push(task);
    this.#place(this.#heap.length - 1, task);
    this.#up(this.#heap.length - 1);
  }

  pop(): number | undefined {
    const first = this.#heap[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(task: number): void {
    const hole = this.#at[task]!;
    if (hole < 0) return;
    this.#at[task] = -1;
    const last = this.#heap.pop()!;
    if (last === task) return;
    this.#place(hole, last);
    this.#up(hole);
    this.#down(this.#at[last]!);
  }

  /** Puts the tasks in order again after their ranks have changed. */
  reorder(): void {
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) this.#down(index);
  }

  #place(index: number, task: number): void {
    this.#heap[index] = task;
    this.#at[task] = index;
  }

  #before(a: number, b: number): boolean {
    const difference = this.#rank(a) - this.#rank(b);
    return difference !== 0 ? difference > 0 : a < b;
  }

  #up(start: number): void {
    let index = start;
    const task = this.#heap[index]!;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(task, this.#heap[parent]!)) break;
      this.#place(index, this.#heap[parent]!);
      index = parent;
    }
    this.#place(index, task);
  }

  #down(start: number): void {
    let index = start;
    const task = this.#heap[index]!;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && this.#before(this.#heap[child + 1]!, this.#heap[child]!))
        child += 1;
      if (!this.#before(this.#heap[child]!, task)) break;
      this.#place(index, this.#heap[child]!);
      index = child;
    }
    this.#place(index, task);
  }
}
