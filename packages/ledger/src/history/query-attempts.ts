import { type Kysely, sql } from "kysely";
import type { EarlierAttempt } from "../forecast/work-samples.ts";
import { keptName } from "./call-sum.ts";
import type { Schema } from "./schema.ts";
import { fromColumns, SUM_COLUMN_NAMES } from "./sum-columns.ts";

export interface AttemptsQuery {
  readonly agent: string;
  /** That many of its latest attempts. */
  readonly most: number;
  /** Only of runs on this directory; null: of those on none; absent: of all. */
  readonly dir?: string | null | undefined;
}

/** Returns all attempts of the tasks to which the latest attempts of an agent belong. */
export async function queryAttempts(
  db: Kysely<Schema>,
  { agent, most, dir }: AttemptsQuery,
): Promise<readonly EarlierAttempt[]> {
  let own = db
    .selectFrom("attempts")
    .innerJoin("runs", "runs.id", "attempts.run")
    .select(["attempts.run", "attempts.task"])
    .where("attempts.agent", "=", keptName(agent))
    .where("attempts.made", "=", 1n)
    .where("attempts.started_at", "is not", null)
    .orderBy("attempts.started_at", "desc")
    .orderBy("runs.begun_at", "desc")
    .orderBy("runs.name", "desc")
    .orderBy("attempts.task", "desc")
    .orderBy("attempts.attempt", "desc")
    .limit(most);
  if (dir !== undefined) own = own.where("runs.dir", dir === null ? "is" : "=", dir);
  const rows = await db
    .selectFrom(db.selectFrom(own.as("own")).select(["run", "task"]).distinct().as("latest"))
    .innerJoin("attempts", (join) =>
      join.onRef("attempts.run", "=", "latest.run").onRef("attempts.task", "=", "latest.task"),
    )
    .innerJoin("tasks", (join) =>
      join.onRef("tasks.run", "=", "latest.run").onRef("tasks.task", "=", "latest.task"),
    )
    .innerJoin("runs", "runs.id", "latest.run")
    .select(["runs.name", "runs.begun_at", "tasks.state", "attempts.task", "attempts.attempt"])
    .select(["attempts.agent", "attempts.started_at", "attempts.latency_ms", "attempts.unmetered"])
    .select(SUM_COLUMN_NAMES.map((name) => sql<bigint>`${sql.ref(`attempts.${name}`)}`.as(name)))
    .where("attempts.made", "=", 1n)
    .execute();
  return rows.map(({ name, begun_at, state, task, attempt, started_at, latency_ms, ...columns }) => ({
    run: { name, begunAt: Number(begun_at) },
    ...{ taskId: task, attempt: Number(attempt), agent: columns.agent, latencyMs: latency_ms },
    startedAt: started_at === null ? null : Number(started_at),
    ...{ sum: fromColumns(columns), taskState: state },
  }));
}
