import type { Executor, ExecutorKind } from "@sheaf/core";
import { loadAgent } from "../agents/load-agent.ts";
import { createInlineExecutor } from "./inline.ts";
import { createProcessExecutor } from "./process.ts";
import { createThreadExecutor, type ThreadOptions } from "./thread.ts";

/** The executors of one run, each made when first needed. */
export interface Executors {
  get(kind: ExecutorKind): Executor;
  dispose(): Promise<void>;
}

/** Returns the executors of a run. */
export function createExecutors(parts: ThreadOptions): Executors {
  const made = new Map<ExecutorKind, Executor>();
  const make = (kind: ExecutorKind): Executor => {
    switch (kind) {
      case "inline":
        return createInlineExecutor({
          clock: parts.clock,
          load: (work) => {
            if (work.kind === "closure") return work.fn;
            if (work.kind === "module") return loadAgent(work).then(({ run }) => run);
            throw new Error("Internal error: a command was sent to the inline executor");
          },
        });
      case "thread":
        return createThreadExecutor(parts);
      case "process":
        return createProcessExecutor(parts);
      default:
        return kind satisfies never;
    }
  };
  return {
    get(kind) {
      let executor = made.get(kind);
      if (executor === undefined) {
        executor = make(kind);
        made.set(kind, executor);
      }
      return executor;
    },
    async dispose() {
      await Promise.all(Array.from(made.values(), (executor) => executor.dispose()));
    },
  };
}
