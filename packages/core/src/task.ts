import type { TaskId } from "./ids.ts";
import type { MemoRule } from "./memo-rule.ts";

/** What a task asks of the machine and of outside services. */
export interface TaskResources {
  /** Memory the task is expected to need, in MiB. Admission waits until it is there. */
  readonly memoryMiB?: number;
  /** Names of limits that the task counts against, for example `["llm"]` with the option `tags: { llm: 8 }`. */
  readonly tags?: readonly string[];
}

/**
 * One step of the list, as its author writes it.
 *
 * A task is done by a command (`run`), or by an agent (`agent`, or the run's default agent).
 */
export interface TaskSpec {
  /** 1-100 letters, digits, ".", "_" or "-"; unique in the list. */
  readonly id: string;
  /** What is to be done, in words. Agents and the dependency analysis read it. */
  readonly description?: string;
  /** Name of the agent that does it. */
  readonly agent?: string;
  /** Handed to the agent as it is. Plain data. */
  readonly input?: unknown;
  /** A shell command; it runs in the task's own directory. */
  readonly run?: string;
  /** Ids of tasks whose success this one needs. */
  readonly dependsOn?: readonly string[];
  /** Globs below the shared directory: all that the task reads. Complete when given. */
  readonly reads?: readonly string[];
  /** Globs below the shared directory: all that the task writes. Complete when given. */
  readonly writes?: readonly string[];
  /** Outside things that the task changes, for example `["api:github"]`. Such a task runs in its turn and only once. */
  readonly effects?: readonly string[];
  /** True when running the task twice is as good as once; allows `retries` beside `effects`. */
  readonly idempotent?: boolean;
  /**
   * Leave the task out when an earlier run has done the same: same words, code and model, same inputs, and all that it
   * read the same. Never for tasks with effects, plain functions, and tasks of which not all reads are known. An object
   * says so too, and where and how long that is kept.
   */
  readonly memo?: boolean | MemoRule;
  readonly resources?: TaskResources;
  /** Longest run of one attempt, in ms. */
  readonly timeoutMs?: number;
  /** Longest silence of one attempt, in ms: no progress, log, usage or heartbeat. No limit when absent. */
  readonly idleTimeoutMs?: number;
  /** How many more attempts after a failed one, 0 to 100. */
  readonly retries?: number;
  /** How long the task is expected to take, in ms, where no earlier run has measured it. */
  readonly estimateMs?: number;
  /** Heading under which the cost of the task is summed. */
  readonly route?: string;
  /**
   * True for a client that honours no base URL: the task finds the real servers and keys in its environment. Nobody
   * counts what it asks but by what it tells, so its cost, and the total, are marked partial.
   */
  readonly unmetered?: boolean;
}

/** A checked task: its ids are safe and known. */
export interface Task extends TaskSpec {
  readonly id: TaskId;
  readonly dependsOn?: readonly TaskId[];
}

/** Tells whether reads and writes are both declared, so that files alone can order the task. */
export function isFullyDeclared(task: TaskSpec): boolean {
  return task.reads !== undefined && task.writes !== undefined;
}
