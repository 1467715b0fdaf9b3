// What the index of many runs takes: to enter a journal with 100,000 calls, and to ask it.
import { rmSync } from "node:fs";
import { type CostHeading, openIndex, readJournal } from "@sheaf/ledger";
import type { Contestant } from "../measure/contest.ts";
import { holdContest } from "../measure/contest.ts";
import { type Cost, costOf } from "../measure/cost.ts";
import { type Section, type SectionOptions, sayDrift } from "../show/section.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type LongJournal, SPAN_MS, writeLongJournal } from "./long-journal.ts";

const CALLS = 100_000;
const QUESTIONS = 20;
const READ = "read the journal";
const ENTER = "enter it";
const AGAIN = "look for more, there is none";
/** The last of the 24 hours do not begin with a full minute. */
const SINCE_MS = 12_345;
const ASKED: readonly CostHeading[] = ["model", "class", "agent", "route", "day", "task"];

/** Measures the index of a journal with 100,000 calls, in SQLite. */
export async function measureHistory(options: SectionOptions): Promise<Section> {
  using temporary = temporaryFolder();
  const journal = writeLongJournal(temporary.path, CALLS);
  const contest = { contestants: [indexOf(journal, temporary.path)], yardstick: READ };
  const { standings, drift } = await holdContest(contest, options);
  const rows = standings.map(({ name, wallMs, cpuMs }) => ({
    ...{ step: name, wall: wallMs.median, cpu: cpuMs.median },
    rate: name === ENTER ? (journal.events / wallMs.median) * 1_000 : null,
  }));
  const columns = [
    { key: "step", heading: "step" },
    { key: "wall", heading: "ms", digits: 1 },
    { key: "cpu", heading: "CPU ms", digits: 1 },
    { key: "rate", heading: "events a second", digits: 0 },
  ];
  const notes = [
    `${journal.events.toLocaleString("en")} events, of which ${CALLS.toLocaleString("en")} are calls, over 24 hours; a question is the mean of ${QUESTIONS}.`,
    sayDrift(READ, drift),
  ];
  return { tables: [{ title: "The index of many runs", columns, rows, notes }] };
}

async function costOfQuestion(ask: () => Promise<unknown>): Promise<Cost> {
  const { wallMs, cpuMs } = await costOf(async () => {
    for (let i = 0; i < QUESTIONS; i++) await ask();
  });
  return { wallMs: wallMs / QUESTIONS, cpuMs: cpuMs / QUESTIONS };
}

function indexOf(journal: LongJournal, stateDir: string): Contestant {
  return {
    name: "index in SQLite",
    async run() {
      for (const end of ["", "-wal", "-shm"]) rmSync(`${stateDir}/sheaf.db${end}`, { force: true });
      const costs: Record<string, Cost> = { [READ]: await costOf(() => readJournal(journal.path)) };
      const index = await openIndex({ stateDir });
      costs[ENTER] = await costOf(() => index.update());
      costs[AGAIN] = await costOf(() => index.update());
      const since = journal.endAt - SPAN_MS + SINCE_MS;
      for (const by of ASKED) {
        costs[`24 hours by ${by}`] = await costOfQuestion(() => index.costs({ by, since }));
      }
      for (const [window, from] of [["24 hours", since] as const, ["lifetime", null] as const]) {
        const ask = (): Promise<unknown> => index.routes({ since: from, routes: null });
        costs[`table of routes, ${window}`] = await costOfQuestion(ask);
      }
      await index.close();
      return costs;
    },
  };
}
