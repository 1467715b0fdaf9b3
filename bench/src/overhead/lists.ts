import type { TaskSpec } from "sheaf";
import { randomNumbers } from "../random-numbers.ts";

export interface LayeredList {
  readonly layers: number;
  /** Tasks of a layer. */
  readonly width: number;
  /** How many tasks of the layer before it each task waits for. */
  readonly before: number;
  readonly seed: number;
}

/** Makes layers of tasks, each task after some of the layer before it, drawn by the seed. */
export function layeredList({ layers, width, before, seed }: LayeredList): readonly TaskSpec[] {
  const random = randomNumbers(seed);
  return Array.from({ length: layers * width }, (_, i) => {
    const layer = Math.floor(i / width);
    const dependsOn = new Set<string>();
    while (layer > 0 && dependsOn.size < before) {
      dependsOn.add(`task-${(layer - 1) * width + Math.floor(random() * width) + 1}`);
    }
    return { id: `task-${i + 1}`, dependsOn: [...dependsOn] };
  });
}

/** Makes tasks that wait for nothing. */
export function independentList(length: number): readonly TaskSpec[] {
  return Array.from({ length }, (_, i) => ({ id: `task-${i + 1}`, dependsOn: [] }));
}
