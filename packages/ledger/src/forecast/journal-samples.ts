import type { RunEvent } from "@sheaf/core";
import { emptySum } from "../cost-line.ts";
import { keptName } from "../history/call-sum.ts";
import { RunBook } from "../history/run-book.ts";
import {
  type EarlierAttempt,
  laterFirst,
  type SamplesQuery,
  taskKeyOf,
  type WorkSamples,
  workSamples,
} from "./work-samples.ts";

/** The journal of a run. */
export interface RunEvents {
  /** Its id. */
  readonly name: string;
  readonly events: readonly RunEvent[];
}

/** Gathers from journals what the index gathers from its tables. */
export function journalSamples(runs: readonly RunEvents[], { agents, most }: SamplesQuery): WorkSamples {
  const all = runs.flatMap(attemptsOf);
  return workSamples(
    new Map(
      agents.map((agent) => {
        const own = all.filter((each) => each.agent === keptName(agent) && each.startedAt !== null);
        const latest = new Set(own.sort(laterFirst).slice(0, most).map(taskKeyOf));
        return [agent, all.filter((each) => latest.has(taskKeyOf(each)))];
      }),
    ),
  );
}

function attemptsOf({ name, events }: RunEvents): readonly EarlierAttempt[] {
  const begunAt = Math.floor(events[0]?.at ?? 0);
  const book = new RunBook({
    ...{ dir: null, status: "unfinished", tasks: 0, version: null, wallMs: null },
    ...{ lastAt: begunAt, telemetryFaults: 0, openCalls: 0, sum: emptySum() },
  });
  book.take(events);
  return [...book.costs].flatMap(([taskId, ofTask]) =>
    [...ofTask]
      .filter(([, { made }]) => made)
      .map(([attempt, cost]) => {
        const { startedAt, latencyMs } = book.facts(cost);
        const about = { run: { name, begunAt }, taskId, attempt, agent: keptName(cost.agent) };
        return { ...about, startedAt, latencyMs, sum: cost.sum, taskState: book.tasks.get(taskId)!.state };
      }),
  );
}
