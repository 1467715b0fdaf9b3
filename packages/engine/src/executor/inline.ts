import { setMaxListeners } from "node:events";
import type { AgentFn, AttemptEnd, AttemptRequest, Clock, Executor, ExecutorAbilities } from "@sheaf/core";
import { abortReason } from "./abort-reason.ts";
import { createContext } from "./context.ts";
import { inputProxy } from "./input-proxy.ts";
import { perform } from "./perform.ts";
import { withCallRoute } from "./route-calls.ts";
import { ownDirs } from "./task-dirs.ts";

const ABILITIES: ExecutorAbilities = {
  closures: true,
  commands: false,
  ownCwd: false,
  stopsBusyLoop: false,
  survivesCrash: false,
  limitsMemory: false,
};

/** Finds the function that does an attempt's work in this thread. */
export type LoadAgent = (work: AttemptRequest["work"]) => AgentFn | Promise<AgentFn>;

/**
 * Runs attempts in the caller's thread. An aborted attempt ends at once for the engine; its code may go on, but what
 * it brings later does not count.
 */
export function createInlineExecutor(parts: { readonly clock: Clock; readonly load: LoadAgent }): Executor {
  const { clock, load } = parts;
  return {
    kind: "inline",
    abilities: ABILITIES,
    start(request, port) {
      const { task, runId, attempt, place, work } = request;
      const controller = new AbortController();
      setMaxListeners(0, controller.signal);
      const inputs = inputProxy(task.id, request.inputs);
      const startedAt = clock.now();
      const common = () => ({
        measured: { latencyMs: clock.now() - startedAt, cpuMs: null, peakMemoryMiB: null },
        taken: inputs.taken(),
        quiet: false,
        observed: null,
      });
      const { signal } = controller;
      const own = ownDirs(place);
      const parts = { runId, taskId: task.id, attempt, place, dirs: own.dirs, inputs, signal };
      const ctx = createContext(parts, port);
      const fn: AgentFn = async (...args) => (await load(work))(...args);
      let stop: (end: AttemptEnd) => void = () => {};
      const stopped = new Promise<AttemptEnd>((resolve) => {
        stop = resolve;
      });
      const performed = withCallRoute({ route: request.callRoute, pastGateway: port.pastGateway }, () =>
        perform(fn, task, ctx),
      ).then((result): AttemptEnd => {
        own.removeEmpty(task.writes ?? []);
        return { ...result, ...common() };
      });
      return {
        ended: Promise.race([stopped, performed]),
        abort(cause) {
          if (signal.aborted) return;
          controller.abort(abortReason(task.id, cause));
          stop({ status: "aborted", ...common() });
        },
        memoryMiB: () => null,
      };
    },
    dispose: async () => {},
  };
}
