import {
  type AgentFn,
  type ExecutorKind,
  isMemo,
  MEMO_EXPECTED,
  type MemoRule,
  SheafError,
} from "@sheaf/core";

/** What an agent asks for, wherever it is used. */
export interface AgentNeeds {
  /** "process" for agents that need a working directory of their own, subprocesses or a memory limit. */
  readonly executor?: ExecutorKind;
  /** Memory that one task of this agent is expected to need, in MiB. */
  readonly memoryMiB?: number;
  /** Limits that its tasks count against, for example `["llm"]`. */
  readonly tags?: readonly string[];
  /** Leave its tasks out where an earlier run has done the same, unless a task says otherwise. */
  readonly memo?: boolean | MemoRule;
}

export interface AgentDefinition<Output = unknown> {
  /** Unique among the agents of its module. */
  readonly name: string;
  readonly needs?: AgentNeeds;
  readonly run: AgentFn<Output>;
}

const PORTABLE: unique symbol = Symbol.for("sheaf.portable-agent");

/** An agent that can be found again in another thread or process, by the module that defines it. */
export interface PortableAgent<Output = unknown> {
  readonly [PORTABLE]: true;
  readonly name: string;
  /** `file:` URL of the module that exports it. */
  readonly module: string;
  readonly needs: AgentNeeds;
  readonly run: AgentFn<Output>;
}

/**
 * Makes an agent that can run in threads and processes. Its module is imported there, so keep it apart from the
 * program that starts runs, and export what this returns.
 *
 * @param url The module's own `import.meta.url`.
 * @throws SheafError OPTION_INVALID
 * @example defineAgent({ name: "greeter", run: (task) => `hello ${task.id}` }, "file:///agents.js").name // "greeter"
 */
export function defineAgent<Output>(definition: AgentDefinition<Output>, url: string): PortableAgent<Output> {
  const { name, run, needs = {} } = definition;
  const wrong = (option: string, expected: string, got: unknown): SheafError =>
    new SheafError("OPTION_INVALID", { option: `defineAgent: ${option}`, expected, got });
  if (typeof name !== "string" || name === "") throw wrong("name", "a name", name);
  if (typeof run !== "function") throw wrong("run", "a function (task, ctx) => output", run);
  if (needs.memo !== undefined && !isMemo(needs.memo)) throw wrong("needs.memo", MEMO_EXPECTED, needs.memo);
  if (typeof url !== "string" || !url.startsWith("file:")) {
    throw wrong("url", "the module's own import.meta.url", url);
  }
  return Object.freeze({
    [PORTABLE]: true as const,
    name,
    module: url,
    needs: Object.freeze({ ...needs }),
    run,
  });
}

/** Tells whether a value was made by defineAgent. */
export function isPortableAgent(value: unknown): value is PortableAgent {
  return (
    typeof value === "object" && value !== null && (value as { [PORTABLE]?: unknown })[PORTABLE] === true
  );
}
