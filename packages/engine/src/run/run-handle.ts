import { type RunEvent, type RunId, show, toWireError } from "@sheaf/core";
import type { Journal } from "@sheaf/ledger";
import type { RunPlan } from "../plan/make-plan.ts";
import { surroundingTask } from "./nesting.ts";
import type { RunReport } from "./report.ts";
import { Run } from "./run.ts";
import type { RunRequest } from "./run-request.ts";

/**
 * A run that has been started. Await it for the report; loop over it for its events, from the first on, as often as
 * wanted and at any pace.
 */
export interface RunHandle extends PromiseLike<RunReport>, AsyncIterable<RunEvent> {
  readonly runId: RunId;
  /**
   * What will be run. Known before the first task starts, but where a model is asked: then tasks may start before it
   * has answered, and `planRun` is for those who want to look first.
   */
  readonly plan: Promise<RunPlan>;
  /** Ends the run: what runs is aborted, nothing more is committed. The report then says `cancelled`. */
  cancel(reason?: string): void;
}

interface Later<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function later<T>(): Later<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // The one who does not ask for this is not to be brought down by it.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** Starts a checked run. */
export function startRun(request: RunRequest): RunHandle {
  const outer = surroundingTask.getStore();
  const run = new Run(request, outer !== undefined);
  const journal = later<Journal>();
  const plan = later<RunPlan>();
  const perform = async (): Promise<RunReport> => {
    outer?.lend();
    try {
      return await run.perform({ opened: journal.resolve, planned: plan.resolve });
    } catch (error) {
      journal.reject(error);
      plan.reject(error);
      throw error;
    } finally {
      await outer?.giveBack();
    }
  };
  const report = perform();
  report.catch(() => {});
  const cancel = (reason: unknown = ""): void => run.cancel(sayReason(reason));
  followSignal(request.signal, cancel, report);
  return {
    runId: request.runId,
    plan: plan.promise,
    cancel,
    // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its report
    then: (onReport, onError) => report.then(onReport, onError),
    async *[Symbol.asyncIterator]() {
      yield* (await journal.promise).follow();
      await report;
    },
  };
}

// Whatever was given: to cancel must not fail for want of words.
function sayReason(reason: unknown): string {
  if (typeof reason === "string") return reason;
  return reason instanceof Error ? toWireError(reason).message : show(reason);
}

function followSignal(
  signal: AbortSignal | undefined,
  cancel: (reason: unknown) => void,
  report: Promise<unknown>,
): void {
  if (signal === undefined) return;
  const onAbort = (): void => cancel(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  const forget = (): void => signal.removeEventListener("abort", onAbort);
  report.then(forget, forget);
}
