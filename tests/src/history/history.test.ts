// The index of what runs have cost says what their journals say: on SQLite, and on a PostgreSQL server where one is
// installed. Names of invariants: packages/ledger/src/history/run-index.ts
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "@sheaf/core";
import { COST_HEADINGS, openIndex, type RunIndex, summarizeCost } from "@sheaf/ledger";
import { cases, memoryDir } from "@sheaf/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bill, lineOf, obviousBill, totalOf } from "./obvious-history.ts";
import { type PostgresServer, postgresPrograms, startPostgres } from "./postgres-server.ts";
import { journals, moments } from "./random-journals.ts";

const programs = process.env.TEST_AGAIN === "1" ? null : postgresPrograms();
const isNeeded = process.env.TEST_POSTGRES === "needed" && process.env.TEST_AGAIN !== "1";
let server: PostgresServer | undefined;

const textOf = (events: readonly RunEvent[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join("");

/** A state folder, and as many who look at its index as are asked for. */
class Place {
  readonly #dir = memoryDir();
  readonly #url: string | undefined;
  readonly #open: RunIndex[] = [];

  constructor(url: string | undefined) {
    this.#url = url;
  }

  journal(run: string): string {
    const folder = join(this.#dir.path, "runs", run);
    mkdirSync(folder, { recursive: true });
    return join(folder, "journal.ndjson");
  }

  get file(): string {
    return join(this.#dir.path, "sheaf.db");
  }

  async open(): Promise<RunIndex> {
    const index = await openIndex({ stateDir: this.#dir.path, url: this.#url });
    this.#open.push(index);
    return index;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const index of this.#open) await index.close();
    this.#dir[Symbol.dispose]();
  }
}

async function billOf(
  index: RunIndex,
  by: (typeof COST_HEADINGS)[number],
  since: number | null,
): Promise<Bill> {
  const { lines, total } = await index.costs({ by, since });
  const calls = lines.reduce((sum, line) => sum + line.calls, 0);
  expect(total.calls).toBe(calls);
  return Object.fromEntries(lines.map(({ name, ...line }) => [name, lineOf(line)]));
}

const DATABASES = [
  { database: "SQLite", isHere: true, numRuns: 25 },
  { database: "PostgreSQL", isHere: programs !== null || isNeeded, numRuns: 8 },
];

describe.each(DATABASES.filter(({ isHere }) => isHere))("on $database", ({ database, numRuns }) => {
  beforeAll(async () => {
    if (database !== "PostgreSQL") return;
    if (programs === null) throw new Error("TEST_POSTGRES=needed, and no PostgreSQL is installed");
    server = await startPostgres(programs);
  });
  afterAll(() => server?.stop());
  const place = (): Place => new Place(database === "PostgreSQL" ? server!.schema() : undefined);

  test("whoever reads journals that grow, and when, the sums are those of the reports (X1, X2)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(journals, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(2), fc.nat(12), fc.nat(1)), { maxLength: 10 }),
        moments,
        async (runs, steps, since) => {
          await using here = place();
          const readers = [await here.open(), await here.open()];
          const written = runs.map(() => 0);
          const grow = (run: number, count: number): void => {
            const events = runs[run]!.slice(written[run], written[run]! + count);
            appendFileSync(here.journal(`run-${run}`), textOf(events));
            written[run]! += events.length;
          };
          for (const [run, count, reader] of steps) {
            grow(run % runs.length, count);
            await readers[reader]!.update();
          }
          for (const [run, events] of runs.entries()) grow(run, events.length);
          await Promise.all(readers.map((reader) => reader.update()));
          for (const by of COST_HEADINGS) {
            expect(await billOf(readers[0]!, by, null), by).toEqual(obviousBill(runs, by, null));
            expect(await billOf(readers[1]!, by, since), by).toEqual(obviousBill(runs, by, since));
          }
          for (const line of await readers[0]!.runs({ since: null })) {
            const events = runs[Number(line.id.slice(4))]!;
            expect(lineOf(line.cost)).toEqual(lineOf(totalOf(summarizeCost(events))));
          }
          const saved = runs.reduce((sum, events) => sum + summarizeCost(events).avoided.memoSavedUsd, 0);
          expect((await readers[0]!.costs({ by: "model", since: null })).memoSavedUsd).toBe(saved);
        },
      ),
      cases({ ci: numRuns, deep: 400 }),
    );
  });
});
