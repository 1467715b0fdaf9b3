import type { AgentContext, AgentFn, Task } from "@sheaf/core";

/** One attempt that waits for the test to say how it ends. */
export interface ScriptedCall {
  readonly task: Task;
  readonly ctx: AgentContext;
  succeed(output?: unknown): void;
  fail(error: unknown): void;
}

/** An agent whose every attempt is held open by the test. */
export interface ScriptedAgent {
  readonly run: AgentFn;
  /** The next attempt of this task, once it starts; attempts are handed out in the order in which they started. */
  next(taskId: string): Promise<ScriptedCall>;
  /** Ids of all attempts so far, in the order in which they started. */
  readonly started: readonly string[];
  /** Ids of tasks that are held open now. */
  readonly open: ReadonlySet<string>;
}

/** Returns an agent that a test drives step by step, without a clock. */
export function scriptedAgent(): ScriptedAgent {
  const started: string[] = [];
  const open = new Set<string>();
  const calls = new Map<string, ScriptedCall[]>();
  const waiting = new Map<string, ((call: ScriptedCall) => void)[]>();
  const hand = (call: ScriptedCall): void => {
    const taker = waiting.get(call.task.id)?.shift();
    if (taker !== undefined) taker(call);
    else calls.set(call.task.id, [...(calls.get(call.task.id) ?? []), call]);
  };
  return {
    started,
    open,
    run: (task, ctx) =>
      new Promise((resolve, reject) => {
        started.push(task.id);
        open.add(task.id);
        const close = (): void => {
          open.delete(task.id);
        };
        ctx.signal.addEventListener("abort", close, { once: true });
        hand({
          task,
          ctx,
          succeed: (output) => {
            close();
            resolve(output);
          },
          fail: (error) => {
            close();
            reject(error);
          },
        });
      }),
    next: (taskId) =>
      new Promise((resolve) => {
        const call = calls.get(taskId)?.shift();
        if (call !== undefined) resolve(call);
        else waiting.set(taskId, [...(waiting.get(taskId) ?? []), resolve]);
      }),
  };
}
