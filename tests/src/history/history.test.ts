// The index of what runs have cost says what their journals say: on SQLite, and on a PostgreSQL server where one is
// installed. Names of invariants: packages/ledger/src/history/run-index.ts
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import type { RunEvent } from "@sheaf/core";
import {
  COST_HEADINGS,
  journalSamples,
  ROUTE_WINDOWS,
  type RouteLine,
  readSnapshot,
  routeSnapshot,
  type SpentCall,
  spentOf,
  summarizeCost,
} from "@sheaf/ledger";
import { caseCount, cases } from "@sheaf/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { billOf, Place, toFirstVersion } from "./index-place.ts";
import { billBy, countAttempts, lineOf, obviousBill, totalOf } from "./obvious-history.ts";
import { obviousRoutes } from "./obvious-routes.ts";
import { isNamedUser, type PostgresServer, postgresPrograms, startPostgres } from "./postgres-server.ts";
import { journals, moments } from "./random-journals.ts";

const isAgain = process.env.TEST_AGAIN === "1";
const programs = isAgain || !isNamedUser() ? null : postgresPrograms();
const isMandatory = process.env.CI !== undefined && !isAgain && isNamedUser();
let server: PostgresServer | undefined;

const textOf = (events: readonly RunEvent[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join("");

/** Events of a run with many tasks, a call each, of which every third is thrown away when all have been made. */
function longRun(count: number): readonly RunEvent[] {
  const usage = (i: number) => ({ model: `m${i % 3}`, inputTokens: i, costUsd: i / 1e6 });
  return Array.from({ length: count }, (_, i) => {
    const at = Date.UTC(2026, 10, 22) + i * 1_500;
    const task = i % Math.ceil(count / 2);
    const named = { seq: i, at, runId: "r", taskId: `t${task}`, attempt: 1 };
    if (i === task) return { ...named, type: "attempt.usage", usage: usage(i) };
    return { ...named, type: i % 3 === 0 ? "task.conflicted" : "task.committed" };
  }) as unknown as readonly RunEvent[];
}

/** A row of a report in the words of the model. */
function toObvious(line: RouteLine) {
  const { name, calls, picoUsd, partial, attempts, failures, models, escalations } = line;
  const { inputTokens, cacheWriteTokens, outputTokens } = line;
  return {
    ...{ name, calls, picoUsd, partial, inputTokens, cacheWriteTokens, outputTokens, attempts },
    ...{ retries: escalations.retry, conflicts: escalations.conflict, failures },
    models: models.map((model) => [model.name, model.calls]),
  };
}

const DATABASES = [
  { database: "SQLite", numRuns: 25 },
  ...(programs === null && !isMandatory ? [] : [{ database: "PostgreSQL", numRuns: 8 }]),
];

test.runIf(DATABASES.length === 1)("on PostgreSQL", ({ skip }) => {
  const missing = isNamedUser() ? "PostgreSQL is not installed" : "PostgreSQL refuses a user without a name";
  skip(isAgain ? "an earlier test run has done so" : missing);
});

describe.each(DATABASES)("on $database", ({ database, numRuns }) => {
  beforeAll(async () => {
    if (database !== "PostgreSQL") return;
    if (programs === null) throw new Error("PostgreSQL is not installed, and CI is set");
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
        fc.integer({ min: 1, max: 9 }),
        async (runs, steps, momentIn, most) => {
          const since = momentIn(runs);
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
          const outcomes = await readers[1]!.outcomes({ since: null });
          for (const by of ["task", "agent"] as const) {
            const { "@analysis": _, ...made } = obviousBill(runs, by, null);
            expect(billBy(outcomes, by), by).toEqual(made);
          }
          expect(outcomes.lines.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(countAttempts(runs));
          const query = { agents: ["w1", "w2", "w3"], most };
          const named = runs.map((events, i) => ({ name: `run-${i}`, events }));
          const [samples, obvious] = [await readers[0]!.samples(query), journalSamples(named, query)];
          for (const agent of query.agents) {
            for (const id of ["a", "b", "c", "d"]) {
              expect(samples.of(id, agent), `${id} ${agent}`).toEqual(obvious.of(id, agent));
            }
          }
          for (const line of await readers[0]!.runs({ since: null })) {
            const events = runs[Number(line.id.slice(4))]!;
            const cost = summarizeCost(events);
            expect(lineOf(line.cost)).toEqual(lineOf(totalOf(cost)));
            expect(line.cost.partial).toBe(cost.partial);
          }
          const open = runs.map((events, i) => ({ run: `run-${i}`, calls: summarizeCost(events).openCalls }));
          expect(new Set(await readers[1]!.openCalls({ since: null }))).toEqual(
            new Set(open.filter(({ calls }) => calls > 0)),
          );
          const saved = runs.reduce((sum, events) => sum + summarizeCost(events).avoided.memoSavedUsd, 0);
          expect((await readers[0]!.costs({ by: "model", since: null })).memoSavedUsd).toBe(saved);
        },
      ),
      { ...cases({ ci: numRuns, deep: 400 }), endOnFailure: true },
    );
  });

  test("routes are counted to the millisecond in each window, with all rows, on disk and without one", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(journals, { minLength: 1, maxLength: 3 }),
        moments,
        fc.constantFrom(null, ["r2", "none"]),
        async (runs, momentIn, routes) => {
          const now = momentIn(runs);
          await using here = place();
          const index = await here.open();
          for (const [run, events] of runs.entries())
            writeFileSync(here.journal(`run-${run}`), textOf(events));
          await index.update();
          await index.keepSnapshot({ now, routes });
          const { snapshot, note } = readSnapshot(here.snapshot);
          expect([note, index.notes]).toEqual([null, []]);
          expect(snapshot).toEqual(JSON.parse(JSON.stringify(routeSnapshot(runs, { now, routes }))));
          for (const window of ROUTE_WINDOWS) {
            const rows = snapshot!.windows[window].lines.map(toObvious);
            expect(rows, window).toEqual(obviousRoutes(runs, { now, window, routes }));
          }
        },
      ),
      cases({ ci: numRuns, deep: 400 }),
    );
  });

  test("of several who write the snapshot at once, the last has seen what all have entered (X4)", async () => {
    await using here = place();
    const events = longRun(40);
    const writers = await Promise.all(Array.from({ length: 6 }, () => here.open()));
    await writers[0]!.update();
    await Promise.all(
      writers.map(async (index, i) => {
        for (let half = 0; half < 2; half++) {
          appendFileSync(here.journal(`run-${i}`), textOf(events.slice(half * 10, half * 10 + 10)));
          await index.update();
          await index.keepSnapshot({ now: Date.UTC(2026, 10, 22), routes: ["a"] });
        }
      }),
    );
    expect(readSnapshot(here.snapshot).snapshot?.windows.lifetime.total.calls).toBe(6 * 20);
  });

  test("several processes may bring it up to date at once, and be killed (X1)", async () => {
    await using here = place();
    const events = longRun(caseCount({ ci: 11_000, deep: 400_000 }));
    writeFileSync(here.journal("run-0"), textOf(events));
    await here.updateElsewhere(400);
    const [index, other] = [await here.open(), await here.open()];
    await Promise.all([here.updateElsewhere(), index.update(), other.update()]);
    const before = await billOf(index, "class", null);
    await index.update();
    expect(await billOf(index, "class", null)).toEqual(before);
    for (const by of COST_HEADINGS) {
      expect(await billOf(index, by, null), by).toEqual(obviousBill([events], by, null));
    }
  });

  test("a journal that was cut, or that another has taken the place of, is read again", async () => {
    await fc.assert(
      fc.asyncProperty(journals, journals, fc.nat(), async (one, other, cut) => {
        await using here = place();
        const index = await here.open();
        const stays = longRun(10);
        writeFileSync(here.journal("run-0"), textOf(one));
        writeFileSync(here.journal("run-1"), textOf(stays));
        await index.update();
        const kept = one.slice(0, 1 + (cut % one.length));
        const rest = other.map((event, i) => ({ ...event, at: kept.at(-1)!.at + i, seq: kept.length + i }));
        const now = [...kept, ...rest];
        writeFileSync(here.journal("run-0"), textOf(kept));
        await index.update();
        expect(await billOf(index, "agent", null)).toEqual(obviousBill([kept, stays], "agent", null));
        writeFileSync(here.journal("run-0"), textOf(one));
        await index.update();
        writeFileSync(here.journal("run-0"), textOf(now));
        await index.update();
        // Where a line ends at the very byte up to which the other was read, nobody can tell them apart.
        const [before, after] = [Buffer.from(textOf(one)), Buffer.from(textOf(now))];
        if (after[before.length - 1] === 10 && !after.subarray(0, before.length).equals(before)) return;
        for (const by of COST_HEADINGS) {
          expect(await billOf(index, by, null), by).toEqual(obviousBill([now, stays], by, null));
        }
      }),
      cases({ ci: 5, deep: 200 }),
    );
  });

  test("of a damaged journal counts what stands before the damage, and a torn line not yet", async () => {
    await using here = place();
    const events = longRun(40);
    const [sound, rest] = [events.slice(0, 30), events.slice(30)];
    const index = await here.open();
    writeFileSync(here.journal("run-0"), `${textOf(sound)}{"seq":30`);
    await index.update();
    expect(index.notes).toEqual([]);
    expect(await billOf(index, "task", null)).toEqual(obviousBill([sound], "task", null));
    writeFileSync(here.journal("run-0"), `${textOf(sound)}no event\n${textOf(rest)}`);
    for (let time = 0; time < 2; time++) {
      await index.update();
      expect(index.notes).toEqual([expect.stringContaining("is damaged in line 31")]);
      expect(await billOf(index, "task", null)).toEqual(obviousBill([sound], "task", null));
    }
    writeFileSync(here.journal("run-0"), textOf(events));
    await index.update();
    expect(index.notes).toEqual([]);
    expect(await billOf(index, "task", null)).toEqual(obviousBill([events], "task", null));
  });

  test("figures and names that no table can hold are kept as far as they can be", async () => {
    await using here = place();
    const usages = [
      { model: "x\0y", costUsd: 5e6, inputTokens: 1e300 },
      { model: "z".repeat(5_000), costUsd: 1, inputTokens: 1.5 },
      { model: "x\0y", costUsd: Number.NaN },
    ];
    const events = usages.map((usage, seq) => ({ seq, at: seq, runId: "r", type: "analysis.usage", usage }));
    writeFileSync(here.journal("run-0"), textOf(events as unknown as readonly RunEvent[]));
    const index = await here.open();
    await index.update();
    const { lines, total } = await index.costs({ by: "model", since: null });
    expect(lines.map(({ name, usd, calls, inputTokens }) => [name, usd, calls, inputTokens])).toEqual([
      ["z".repeat(200), 1, 1, 2],
      ["x\uFFFDy", null, 2, 1e12],
    ]);
    expect(total).toMatchObject({ usd: 1, partial: true, unpricedCalls: 2 });
  });

  test.runIf(database === "SQLite")(
    "an index without cache writes reads its journals again; removed runs keep what they had",
    async () => {
      await using here = place();
      const written = longRun(20).map((event) =>
        event.type === "attempt.usage" ? { ...event, usage: { ...event.usage, cacheWriteTokens: 7 } } : event,
      );
      for (const run of ["run-0", "run-1"]) writeFileSync(here.journal(run), textOf(written));
      const before = await here.open();
      await before.update();
      await before.markRemoved([{ id: "run-1", begunAt: written[0]!.at }], 77);
      rmSync(here.journal("run-1"));
      await before.close();
      toFirstVersion(here.file);
      const index = await here.open();
      await index.update();
      for (const by of COST_HEADINGS) {
        const bill = Object.values(await billOf(index, by, null));
        const sumOf = (field: "calls" | "cacheWriteTokens") =>
          bill.reduce((sum, line) => sum + line[field], 0);
        expect([sumOf("calls"), sumOf("cacheWriteTokens")], by).toEqual([20, 70]);
      }
    },
  );

  test("what removed runs had cost stays", async () => {
    await using here = place();
    const events = longRun(20);
    writeFileSync(here.journal("run-0"), textOf(events));
    const index = await here.open();
    await index.update();
    await index.markRemoved([{ id: "run-0", begunAt: events[0]!.at }], 77);
    expect(await index.runs({ since: null })).toMatchObject([{ id: "run-0", removedAt: 77 }]);
    expect(await index.runs({ since: events[0]!.at + 1 })).toEqual([]);
    expect(await billOf(index, "route", null)).toEqual(obviousBill([events], "route", null));
    // For budgets, which count them as long as their windows last.
    const spent = spentOf(events);
    const pico = (calls: readonly SpentCall[]): bigint =>
      calls.reduce((sum, call) => sum + (call.pico ?? 0n), 0n);
    const removed = await index.spentByRemoved({ since: 0 });
    expect([removed.length, pico(removed)]).toEqual([spent.length, pico(spent)]);
    const late = spent.filter(({ at }) => at >= spent[3]!.at);
    expect(await index.spentByRemoved({ since: spent[3]!.at })).toHaveLength(late.length);
    expect(await index.spentByRemoved({ since: 0, dir: "/elsewhere" })).toEqual([]);
  });
});
