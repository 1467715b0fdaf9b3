// Attempts for the executor conformance suite: started without an engine, listened to, and taken apart.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AbortCause,
  type AttemptEnd,
  type AttemptPort,
  type AttemptRequest,
  type BudgetLeft,
  decodeData,
  type Executor,
  encodeData,
  fromWireError,
  type RunningAttempt,
  runId,
  type Task,
  taskId,
  type UsageRecord,
  type Work,
} from "@sheaf/core";

const FIXTURES = new URL("./fixtures/agents.mjs", import.meta.url).href;

/** What every attempt is told to be left of its budget. */
export const LEFT: BudgetLeft = {
  ...{ budget: { limit: { usd: 2 }, window: "day" }, limit: 2, spent: 0.5, held: 0.25, left: 1.25 },
};

/** What an attempt has said so far. */
export interface Heard {
  readonly said: string[];
  readonly usage: UsageRecord[];
  readonly port: AttemptPort;
  /** Resolves when the attempt first says anything: its agent has begun. */
  readonly begun: Promise<void>;
}

function listen(files: ReadonlyMap<string, string>, view: string): Heard {
  const said: string[] = [];
  const usage: UsageRecord[] = [];
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const say = (what: string): void => {
    begin();
    said.push(what);
  };
  const port: AttemptPort = {
    progress: (fraction, message) => say(`progress ${fraction} ${message}`),
    log: (message) => say(`log ${message}`),
    heartbeat: () => say("heartbeat"),
    usage: (record) => {
      begin();
      usage.push(record);
    },
    modelLoaded: (name, vramMiB) => say(`model ${name} ${vramMiB}`),
    pastGateway: () => say("past the gateway"),
    budget: async () => [LEFT],
    async read(path) {
      if (path.includes("..")) throw new RangeError("outside");
      if (path === "unanswered") return new Promise(() => {});
      const text = files.get(path);
      if (text === undefined) return false;
      mkdirSync(join(view, path, ".."), { recursive: true });
      writeFileSync(join(view, path), text);
      return true;
    },
  };
  return { said, usage, port, begun };
}

/** What an attempt is given beside its agent. */
export interface StartOptions {
  readonly task?: Partial<Task>;
  readonly work?: Work;
  readonly attempt?: number;
  readonly memoryLimitMiB?: number;
  readonly noDir?: boolean;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Ids of earlier tasks that have no output. */
  readonly unfinished?: readonly string[];
}

let count = 0;

/** Starts one attempt of an agent of the fixtures and listens to it. */
export function starter(executor: () => Executor, root: () => string) {
  return (
    exportName: string,
    options: StartOptions = {},
  ): Heard & { readonly running: RunningAttempt; readonly view: string; readonly beside: string } => {
    count += 1;
    const view = join(root(), `view-${count}`);
    const beside = join(root(), `beside-${count}`);
    const folder = join(root(), `outputs-${count}`);
    for (const path of [view, beside, folder]) mkdirSync(path, { recursive: true });
    const outputs = new Map(
      Object.entries(options.outputs ?? {}).map(([id, value]) => [id, encodeData(value, id)]),
    );
    for (const [id, bytes] of outputs) writeFileSync(join(folder, `${id}.output`), bytes);
    const before = [...outputs.keys(), ...(options.unfinished ?? [])];
    writeFileSync(join(folder, "order.json"), JSON.stringify([...before, "task-1", "later"]));
    const heard = listen(new Map([["notes/a.txt", "hello"]]), view);
    const request: AttemptRequest = {
      runId: runId("run-1"),
      task: { id: taskId("task-1"), ...options.task },
      attempt: options.attempt ?? 1,
      lease: `lease-${count}`,
      work: options.work ?? { kind: "module", module: FIXTURES, exportName, agentName: null },
      place: { view: options.noDir === true ? null : view, beside },
      inputs: {
        isBefore: (id) => before.includes(id),
        before: () => before,
        output: (id) => outputs.get(id),
        likely: [...outputs.keys()].slice(0, 1),
        folder,
      },
      shim: null,
      memoryLimitMiB: options.memoryLimitMiB ?? 256,
      env: {},
      callRoute: () => Promise.reject(new Error("there is no gateway here")),
    };
    return { ...heard, running: executor().start(request, heard.port), view, beside };
  };
}

/** Returns the output of an attempt that must have succeeded. */
export const outputOf = (end: AttemptEnd): unknown => {
  if (end.status !== "succeeded") throw new Error(`the attempt ${end.status}: ${JSON.stringify(end)}`);
  return decodeData(end.output);
};

/** Returns the error of an attempt that must have failed. */
export const errorOf = (end: AttemptEnd): Error & { code?: unknown; details?: unknown } => {
  if (end.status !== "failed") throw new Error(`the attempt ${end.status}, it should have failed`);
  return fromWireError(end.error);
};

export const CANCELLED: AbortCause = { kind: "because", because: { reason: "cancelled", message: "enough" } };

/** Tells whether a process is there and not merely waited for. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
