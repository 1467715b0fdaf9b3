import type { Asking } from "@sheaf/engine";
import { counted } from "./counted.ts";

/** Says who is asked about what, and what that could be worth. */
export function askingText(asking: Asking): string {
  const { model, tasks, width, speedupBound, withoutBound } = asking;
  const best = `at most ${speedupBound.toFixed(1)} times as fast, ${width} side by side, if none needs another`;
  return `${model} about ${counted(tasks, "task")}: ${best}; ${withoutBound.toFixed(1)} times without an answer`;
}
