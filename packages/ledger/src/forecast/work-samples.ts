import { knownFigure } from "../cost-line.ts";
import type { RunFacts } from "../exports/run-facts.ts";
import { usdToPico } from "../money.ts";

/** What a task took in one run, all of its attempts together. */
export interface WorkSample {
  /** Input and output of its model calls. */
  readonly tokens: number;
  /** Null where some call's cost is not known. */
  readonly pico: bigint | null;
  /** Time of its attempts. */
  readonly ms: number;
}

export interface FoundSamples {
  /** `task`: of the same task and agent. `agent`: of other tasks of the agent. `none`: nothing is known. */
  readonly from: "task" | "agent" | "none";
  readonly samples: readonly WorkSample[];
}

/** What tasks took in earlier runs. */
export interface WorkSamples {
  /** Samples of a task, else, unless it is a command, of its agent. */
  of(taskId: string, agent: string): FoundSamples;
}

const COMMAND = "command";

/** Gathers what tasks took until they were committed. Tasks that were left out or not committed tell nothing. */
export function workSamples(runs: readonly RunFacts[]): WorkSamples {
  const ofTask = new Map<string, WorkSample[]>();
  const ofAgent = new Map<string, WorkSample[]>();
  for (const run of runs) {
    for (const { taskId, agent, sample } of samplesOf(run)) {
      push(ofTask, `${taskId}\n${agent}`, sample);
      if (agent !== COMMAND) push(ofAgent, agent, sample);
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

function push(lists: Map<string, WorkSample[]>, key: string, sample: WorkSample): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [sample]);
  else list.push(sample);
}

interface TaskSample {
  readonly taskId: string;
  readonly agent: string;
  readonly sample: WorkSample;
}

type Taken = { -readonly [K in keyof WorkSample]: WorkSample[K] } & { agent: string };

function samplesOf({ tasks, attempts, calls }: RunFacts): readonly TaskSample[] {
  const taken = new Map<string, Taken>();
  for (const { started, startedAt, endedAt } of attempts) {
    const { taskId, agent } = started;
    const sum = taken.get(taskId) ?? { agent, tokens: 0, pico: 0n, ms: 0 };
    taken.set(taskId, { ...sum, agent, ms: sum.ms + endedAt - startedAt });
  }
  for (const { madeBy, usage } of calls) {
    const sum = madeBy === null ? undefined : taken.get(madeBy.taskId);
    if (sum === undefined) continue;
    sum.tokens += (knownFigure(usage?.inputTokens) ?? 0) + (knownFigure(usage?.outputTokens) ?? 0);
    const costUsd = knownFigure(usage?.costUsd);
    sum.pico = sum.pico === null || costUsd === null ? null : sum.pico + usdToPico(costUsd);
  }
  return [...taken]
    .filter(([taskId]) => tasks.get(taskId as never) === "committed")
    .map(([taskId, { agent, ...sample }]) => ({ taskId, agent, sample }));
}
