// Takes programs step by step in this thread, as a worker's thread would: in a view, watched, many at once.
import {
  type AttemptEnd,
  type AttemptRequest,
  type Executor,
  encodeData,
  type RunningAttempt,
  toWireError,
} from "@sheaf/core";
import type { Program } from "./step.ts";
import { walk } from "./take-step.ts";
import { type Blindness, type Sights, watch } from "./watch.ts";

export interface ProgramExecutorParts {
  readonly programs: readonly Program[];
  /** Awaited before each step, so that others come in between. */
  readonly pause: () => Promise<void>;
  readonly blind: Blindness | null;
  /** Is told of each attempt that begins. */
  readonly started?: (id: string) => void;
  /** Is told of each attempt that came to its end. */
  readonly ended: (sights: Sights) => void;
}

/** Returns an executor for the programs of one run. */
export function programExecutor(parts: ProgramExecutorParts): Executor {
  const programs = new Map(parts.programs.map((program) => [program.id, program]));
  return {
    kind: "thread",
    abilities: {
      ...{ closures: false, commands: false, ownCwd: false },
      ...{ stopsBusyLoop: true, survivesCrash: true, limitsMemory: false },
    },
    start: (request) => startProgram(programs.get(request.task.id)!, request, parts),
    dispose: async () => {},
  };
}

function startProgram(
  program: Program,
  { place }: AttemptRequest,
  { pause, blind, started, ended }: ProgramExecutorParts,
): RunningAttempt {
  started?.(program.id);
  const view = place.view!;
  const watcher = watch(view, blind);
  const way = walk(view, program, watcher.around);
  let aborted = false;
  const common = () => ({
    measured: { latencyMs: 0, cpuMs: null, peakMemoryMiB: null },
    ...{ taken: [], quiet: true, observed: watcher.observed() },
  });
  const take = async (): Promise<AttemptEnd> => {
    try {
      do {
        await pause();
        if (aborted) return { status: "aborted", ...common() };
      } while (way.next());
      return { status: "succeeded", output: encodeData(way.seen(), program.id), ...common() };
    } catch (error) {
      return { status: "failed", kind: "agent", error: toWireError(error), ...common() };
    }
  };
  return {
    ended: take().finally(() => ended(watcher.sights())),
    abort() {
      aborted = true;
    },
    memoryMiB: () => null,
  };
}
