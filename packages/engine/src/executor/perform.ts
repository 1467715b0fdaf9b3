import {
  type AgentContext,
  type AgentFn,
  encodeData,
  type FailureKind,
  isSheafError,
  type Task,
  toWireError,
  type WireError,
} from "@sheaf/core";

/** What calling an agent brought, as data. */
export type Performed =
  | { readonly status: "succeeded"; readonly output: Uint8Array }
  | { readonly status: "failed"; readonly kind: FailureKind; readonly error: WireError };

function failureKind(error: unknown): FailureKind {
  if (isSheafError(error, "OUTPUT_NOT_DATA")) return "output";
  if (isSheafError(error, "INPUT_NOT_READY")) return "input";
  return "agent";
}

/** Calls an agent and turns whatever it does into data: never throws, never hands back something alive. */
export async function perform(fn: AgentFn, task: Task, ctx: AgentContext): Promise<Performed> {
  try {
    return { status: "succeeded", output: encodeData(await fn(task, ctx), task.id) };
  } catch (error) {
    return { status: "failed", kind: failureKind(error), error: toWireError(error) };
  }
}
