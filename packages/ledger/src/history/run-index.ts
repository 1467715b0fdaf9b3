// The index of what runs have cost: sums over the journals of many runs.
//
// Owns:     sheaf.db in a state folder, or the tables of a server; routes.json beside it.
// Does not: know anything that no journal said. The journals are the truth; the index is a view of them, which also
//           keeps what runs had cost whose journals were removed.
//
// Invariants:
//   X1. The index has a run up to a mark; all that stands before the mark in its journal, and nothing else, is entered,
//       once, whoever enters it and however often they are interrupted.
//   X2. The roll-ups are the sums of the calls, each under the headings that its attempt has now.
//   X3. A file that is damaged is put aside and made anew from the journals; it never keeps anybody from an answer.
//   X4. Whoever is the last to write the snapshot has seen all that others who wrote it had entered.
import { renameSync, rmSync } from "node:fs";
import { SheafError } from "@sheaf/core";
import type { SpentCall } from "../budgets/open-budgets.ts";
import {
  type EarlierAttempt,
  type SamplesQuery,
  type WorkSamples,
  workSamples,
} from "../forecast/work-samples.ts";
import type { SnapshotOptions } from "../routes/route-snapshot.ts";
import type { RouteTable } from "../routes/route-table.ts";
import { snapshotFile } from "../routes/snapshot-file.ts";
import { catchUp } from "./catch-up.ts";
import { type Database, type DatabasePlace, openDatabase } from "./database.ts";
import { keepSnapshot } from "./keep-snapshot.ts";
import { type AttemptsQuery, queryAttempts } from "./query-attempts.ts";
import { type CostQuery, type CostTable, queryCosts } from "./query-costs.ts";
import { type OpenCalls, type OpenCallsQuery, queryOpenCalls } from "./query-open-calls.ts";
import { type OutcomesQuery, type OutcomeTable, queryOutcomes } from "./query-outcomes.ts";
import { queryRoutes, queryTelemetryFaults, type RoutesQuery } from "./query-routes.ts";
import { queryRuns, type RunLine, type RunsQuery } from "./query-runs.ts";
import { querySpentByRemoved, type SpentQuery } from "./query-spent.ts";

/** A run by its id and the time of its first event, in ms since 1970. */
export interface RemovedRun {
  readonly id: string;
  readonly begunAt: number;
}

/** What is to be known of earlier runs: of all, or of those on one directory. */
type IndexSamplesQuery = SamplesQuery & Pick<AttemptsQuery, "dir">;

/** What runs have cost. Rejects with SheafError HISTORY_UNUSABLE where the database cannot be used. */
export interface RunIndex {
  /** What could not be read of the journals, or of an earlier index, as sentences. */
  readonly notes: readonly string[];
  /** Enters what the journals have come to hold since. */
  update(): Promise<void>;
  costs(query: CostQuery): Promise<CostTable>;
  /** What attempts came to, by task and agent. What the analysis cost is not in it. */
  outcomes(query: OutcomesQuery): Promise<OutcomeTable>;
  runs(query: RunsQuery): Promise<readonly RunLine[]>;
  /** Which runs have calls of which they have not told what became of them. */
  openCalls(query: OpenCallsQuery): Promise<readonly OpenCalls[]>;
  /** What tasks took in earlier runs, for a forecast. */
  samples(query: IndexSamplesQuery): Promise<WorkSamples>;
  /** What each route has come to. */
  routes(query: RoutesQuery): Promise<RouteTable>;
  /** How often runs could not keep their counters. */
  telemetryFaults(): Promise<number>;
  /** Writes the snapshot of the state folder. What goes wrong with the file becomes a note. */
  keepSnapshot(options: SnapshotOptions): Promise<void>;
  /** Takes note that the state of runs was removed, at a time in ms since 1970. What they have cost stays. */
  markRemoved(runs: readonly RemovedRun[], at: number): Promise<void>;
  /** Returns the calls of runs whose state was removed. */
  spentByRemoved(query: SpentQuery): Promise<readonly SpentCall[]>;
  close(): Promise<void>;
}

class OpenIndex implements RunIndex {
  readonly #stateDir: string;
  readonly #place: DatabasePlace;
  readonly #notes: string[] = [];
  #damage: readonly string[] = [];
  #database: Database | null = null;

  constructor(stateDir: string, place: DatabasePlace) {
    this.#stateDir = stateDir;
    this.#place = place;
  }

  get notes(): readonly string[] {
    return [...this.#notes, ...this.#damage];
  }

  update(): Promise<void> {
    return this.#use(async (database) => {
      this.#damage = await catchUp(database, this.#stateDir);
    });
  }

  costs(query: CostQuery): Promise<CostTable> {
    return this.#use(({ db }) => queryCosts(db, query));
  }

  outcomes(query: OutcomesQuery): Promise<OutcomeTable> {
    return this.#use(({ db }) => queryOutcomes(db, query));
  }

  runs(query: RunsQuery): Promise<readonly RunLine[]> {
    return this.#use(({ db }) => queryRuns(db, query));
  }

  openCalls(query: OpenCallsQuery): Promise<readonly OpenCalls[]> {
    return this.#use(({ db }) => queryOpenCalls(db, query));
  }

  samples({ agents, most, dir }: IndexSamplesQuery): Promise<WorkSamples> {
    return this.#use(async ({ db }) => {
      const attempts = new Map<string, readonly EarlierAttempt[]>();
      for (const agent of agents) attempts.set(agent, await queryAttempts(db, { agent, most, dir }));
      return workSamples(attempts);
    });
  }

  routes(query: RoutesQuery): Promise<RouteTable> {
    return this.#use(({ db }) => queryRoutes(db, query));
  }

  telemetryFaults(): Promise<number> {
    return this.#use(({ db }) => queryTelemetryFaults(db));
  }

  keepSnapshot(options: SnapshotOptions): Promise<void> {
    return this.#use(async (database) => {
      const note = await keepSnapshot(database, snapshotFile(this.#stateDir), options);
      if (note !== null) this.#notes.push(note);
    });
  }

  markRemoved(runs: readonly RemovedRun[], at: number): Promise<void> {
    return this.#use(async ({ db }) => {
      for (const { id, begunAt } of runs) {
        await db
          .updateTable("runs")
          .set({ removed_at: at })
          .where("name", "=", id)
          .where("begun_at", "=", BigInt(Math.floor(begunAt)))
          .execute();
      }
    });
  }

  spentByRemoved(query: SpentQuery): Promise<readonly SpentCall[]> {
    return this.#use(({ db }) => querySpentByRemoved(db, query));
  }

  async close(): Promise<void> {
    await this.#database?.db.destroy();
    this.#database = null;
  }

  async #use<T>(work: (database: Database) => Promise<T>): Promise<T> {
    try {
      return await this.#work(work);
    } catch (error) {
      if (!("path" in this.#place) || !isDamage(error)) throw this.#unusable(error);
      try {
        await this.#makeAnew(this.#place.path);
        return await this.#work(work);
      } catch (again) {
        throw this.#unusable(again);
      }
    }
  }

  async #work<T>(work: (database: Database) => Promise<T>): Promise<T> {
    this.#database ??= await openDatabase(this.#place);
    return await work(this.#database);
  }

  async #makeAnew(path: string): Promise<void> {
    await this.close();
    const aside = `${path}.damaged`;
    renameSync(path, aside);
    for (const beside of ["-wal", "-shm"]) rmSync(`${path}${beside}`, { force: true });
    this.#notes.push(
      `The index ${path} was damaged and has been made anew from the journals. What runs that are removed by now had cost is lost with it; the damaged file is kept as ${aside}.`,
    );
    await this.#work(async (database) => {
      this.#damage = await catchUp(database, this.#stateDir);
    });
  }

  #unusable(error: unknown): SheafError {
    if (error instanceof SheafError) return error;
    const problem = error instanceof Error ? error.message || String(error) : String(error);
    return new SheafError("HISTORY_UNUSABLE", { where: sayPlace(this.#place), problem }, { cause: error });
  }
}

const isDamage = (error: unknown): boolean =>
  error instanceof Error && /not a database|malformed/.test(error.message);

/** Names the database without its password. */
function sayPlace(place: DatabasePlace): string {
  if ("path" in place) return place.path;
  try {
    const { protocol, host, pathname } = new URL(place.url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return "SHEAF_DATABASE_URL";
  }
}

/** Makes the index of a state folder, in a file of its own or in a database. Opens it when it is first used. */
export function createIndex(stateDir: string, place: DatabasePlace): RunIndex {
  return new OpenIndex(stateDir, place);
}
