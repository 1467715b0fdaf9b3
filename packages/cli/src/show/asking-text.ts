import type { EventOf } from "@sheaf/core";
import { counted } from "./counted.ts";

/** Says who is asked about what, and what that could be worth. */
export function askingText(event: EventOf<"analysis.asking">): string {
  const { model, tasks, width, speedupBound, withoutBound } = event;
  const best = `at most ${speedupBound.toFixed(1)} times as fast, ${width} side by side, if none needs another`;
  return `${model} about ${counted(tasks, "task")}: ${best}; ${withoutBound.toFixed(1)} times without an answer`;
}
