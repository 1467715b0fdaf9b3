import type { WaitReason } from "../scheduler/state.ts";
import type { World } from "./world.ts";

/** Says why a task that could start waits, in a sentence for people. */
export function sayWait(world: World, task: number, reason: WaitReason): string {
  switch (reason.kind) {
    case "turn":
      return turnReason(world, task);
    case "tag": {
      const tag = Object.keys(world.limits.tags)[reason.tag];
      return `waits for the limit "${tag}": ${reason.limit} of ${reason.limit} in use`;
    }
    case "memory": {
      const mib = (amount: number): string => `${Math.round(amount)} MiB`;
      return `waits for memory: ${reason.running} running use ${mib(reason.usedMiB)} and may need ${mib(reason.othersMiB)}, this one ${mib(reason.needMiB)}, the budget is ${mib(reason.budgetMiB)}`;
    }
    default:
      return reason satisfies never;
  }
}

function turnReason(world: World, task: number): string {
  const { effects = [], writes = [] } = world.tasks[task]!;
  if (effects.length > 0) return "waits for its turn: it has effects outside the directory";
  if (writes.some((glob) => glob.split("/").includes(".git"))) return "waits for its turn: it writes .git";
  return "waits for its turn: it may read anything, as it declares no reads";
}
