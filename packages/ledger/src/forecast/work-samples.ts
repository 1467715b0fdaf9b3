import { addToSum, type CostSum, emptySum, toCostLine } from "../cost-line.ts";

/** What a task took in one run, all of its attempts together. */
export interface WorkSample {
  /** Input and output of its model calls; null where nobody counted some of them. */
  readonly tokens: number | null;
  /** Null where not all of its cost is known. */
  readonly pico: bigint | null;
  /** Time of its attempts, but for those that were cut off. */
  readonly ms: number;
}

export interface FoundSamples {
  /** `task`: of the same task and agent. `agent`: of other tasks of the agent. `none`: nothing is known. */
  readonly from: "task" | "agent" | "none";
  readonly samples: readonly WorkSample[];
}

/** What tasks took in earlier runs. */
export interface WorkSamples {
  /** Samples of a task, else, unless it is a command, of its agent; the latest first. */
  of(taskId: string, agent: string): FoundSamples;
}

/** What is to be known of earlier runs. */
export interface SamplesQuery {
  /** Names of the agents; "command" for commands. */
  readonly agents: readonly string[];
  /** Of each agent that many of the latest attempts are looked at, and whole the tasks that they belong to. */
  readonly most: number;
}

/** An attempt of an earlier run. */
export interface EarlierAttempt {
  /** Its run: the id, and the time of its first event in ms since 1970. */
  readonly run: { readonly name: string; readonly begunAt: number };
  readonly taskId: string;
  readonly attempt: number;
  readonly agent: string;
  /** In ms since 1970; null where no start was recorded. */
  readonly startedAt: number | null;
  /** Null where it has not come to its end. */
  readonly latencyMs: number | null;
  readonly sum: CostSum;
  /** The last event that said what became of its task. */
  readonly taskState: string;
}

const COMMAND = "command";

/**
 * Makes samples of attempts, given by agent with all attempts of their tasks. A sample is a task that was committed, or
 * that failed after its calls had, or may have, used something: what fails costs as well. Other tasks tell nothing.
 */
export function workSamples(attempts: ReadonlyMap<string, readonly EarlierAttempt[]>): WorkSamples {
  const ofTask = new Map<string, WorkSample[]>();
  const ofAgent = new Map<string, readonly WorkSample[]>();
  for (const [agent, some] of attempts) {
    const found = samplesOf(agent, some);
    for (const { taskId, sample } of found) push(ofTask, `${taskId}\n${agent}`, sample);
    if (agent !== COMMAND && found.length > 0) {
      ofAgent.set(
        agent,
        found.map(({ sample }) => sample),
      );
    }
  }
  return {
    of(taskId, agent) {
      const own = ofTask.get(`${taskId}\n${agent}`);
      if (own !== undefined) return { from: "task", samples: own };
      const others = ofAgent.get(agent);
      return others === undefined ? { from: "none", samples: [] } : { from: "agent", samples: others };
    },
  };
}

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

interface TaskSample {
  readonly taskId: string;
  readonly sample: WorkSample;
}

/** Orders attempts: those that were started last come first. */
export function laterFirst(a: EarlierAttempt, b: EarlierAttempt): number {
  return (
    (b.startedAt ?? 0) - (a.startedAt ?? 0) ||
    b.run.begunAt - a.run.begunAt ||
    compare(b.run.name, a.run.name) ||
    compare(b.taskId, a.taskId) ||
    b.attempt - a.attempt
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Names a task of one run. */
export const taskKeyOf = ({ run, taskId }: EarlierAttempt): string =>
  `${run.begunAt}\n${run.name}\n${taskId}`;

function samplesOf(agent: string, attempts: readonly EarlierAttempt[]): readonly TaskSample[] {
  const byTask = new Map<string, EarlierAttempt[]>();
  for (const each of [...attempts].sort(laterFirst)) push(byTask, taskKeyOf(each), each);
  return [...byTask.values()].flatMap((ofTask) => {
    const last = ofTask.reduce((a, b) => (b.attempt > a.attempt ? b : a));
    const sample = last.agent === agent ? sampleOf(ofTask, last.taskState) : null;
    return sample === null ? [] : [{ taskId: last.taskId, sample }];
  });
}

function sampleOf(attempts: readonly EarlierAttempt[], taskState: string): WorkSample | null {
  const sum = emptySum();
  let ms = 0;
  for (const each of attempts) {
    addToSum(sum, each.sum);
    ms += each.latencyMs ?? 0;
  }
  const tokens = sum.inputTokens + sum.outputTokens;
  const { partial, unmetered } = toCostLine(sum);
  const hasUsed = tokens > 0 || sum.pico > 0n || partial;
  if (taskState !== "task.committed" && !(taskState === "task.failed" && hasUsed)) return null;
  return { tokens: unmetered > 0 ? null : tokens, pico: partial ? null : sum.pico, ms };
}
