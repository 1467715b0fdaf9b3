import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isSheafError, SheafError } from "@sheaf/core";
import { type JournalMark, type JournalPart, readJournalPart } from "../read-journal.ts";
import type { Database } from "./database.ts";
import { holdRun, type KnownRun, loadRun, markOf, type RunName } from "./load-book.ts";
import { forgetRun, writePart } from "./write-part.ts";

const JOURNAL_FILE = "journal.ndjson";
/** Events in one transaction: enough that its own price does not count, few enough to be held in memory. */
const PART_EVENTS = 5_000;
/** How long whoever reads the same journal is let go on before anybody looks again; each time twice as long. */
const PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
const START: JournalMark = { seq: 0, bytes: 0 };

interface JournalFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/**
 * Enters into the index what journals have and it does not. Somebody else may do the same at the same time: whoever
 * holds the row of a run goes on from where it has been read. Returns a sentence for each journal that cannot be
 * read; what stands before the damage is entered.
 */
export async function catchUp(database: Database, stateDir: string): Promise<readonly string[]> {
  const marks = await knownMarks(database);
  const notes: string[] = [];
  for (const journal of journalsIn(stateDir)) {
    try {
      await catchUpRun(database, journal, marks);
    } catch (error) {
      if (!(error instanceof SheafError)) throw error;
      notes.push(error.message);
    }
  }
  return notes;
}

function journalsIn(stateDir: string): readonly JournalFile[] {
  const runs = join(stateDir, "runs");
  if (!existsSync(runs)) return [];
  return readdirSync(runs).flatMap((name) => {
    const path = join(runs, name, JOURNAL_FILE);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined || stat.size === 0 ? [] : [{ name, path, bytes: stat.size }];
  });
}

const keyOf = ({ name, begunAt }: RunName): string => `${begunAt} ${name}`;

async function knownMarks({ db }: Database): Promise<ReadonlyMap<string, JournalMark>> {
  const rows = await db.selectFrom("runs").select(["name", "begun_at", "next_seq", "next_bytes"]).execute();
  return new Map(
    rows.map(({ name, begun_at, next_seq, next_bytes }) => [
      keyOf({ name, begunAt: Number(begun_at) }),
      { seq: Number(next_seq), bytes: Number(next_bytes) },
    ]),
  );
}

async function catchUpRun(
  database: Database,
  journal: JournalFile,
  marks: ReadonlyMap<string, JournalMark>,
): Promise<void> {
  const [first] = readJournalPart(journal.path, { most: 1 }).events;
  if (first === undefined) return;
  const run = { name: journal.name, begunAt: Number.isFinite(first.at) ? Math.floor(first.at) : 0 };
  const mark = marks.get(keyOf(run)) ?? START;
  if (mark.bytes === journal.bytes) return;
  try {
    // A journal that is shorter than what was read of it is another one, or was cut: it is the truth.
    if (mark.bytes > journal.bytes) await readAgain(database, run);
    await follow(database, journal, { run, mark: mark.bytes > journal.bytes ? START : mark });
  } catch (error) {
    // Where another journal has taken the place of the one that was read, its lines lie elsewhere.
    if (!(error instanceof SheafError) || mark.seq === 0) throw error;
    await readAgain(database, run);
    await follow(database, journal, { run, mark: START });
  }
}

async function readAgain({ db, kind }: Database, run: RunName): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { id } = await holdRun(trx, kind, run);
    await forgetRun(trx, id);
    await trx.deleteFrom("runs").where("id", "=", id).execute();
  });
}

async function follow(
  { db, kind }: Database,
  { path }: JournalFile,
  { run, mark }: { readonly run: RunName; readonly mark: JournalMark },
): Promise<void> {
  let known: KnownRun | null = null;
  let place = mark;
  for (let pauseMs = PAUSE_MS; ; ) {
    const { part, damage } = soundPart(path, place);
    if (part.events.length > 0) {
      const before: KnownRun | null = known;
      const now = await db.transaction().execute(async (trx): Promise<Followed> => {
        const row = await holdRun(trx, kind, run);
        const mark = markOf(row);
        // Somebody else has read further, or has begun anew.
        if (mark.seq !== place.seq) return { known: null, mark };
        const isKnown = before?.id === row.id && before.mark.seq === mark.seq;
        const found = isKnown ? before : await loadRun(trx, row);
        await writePart(trx, found, found.book.take(part.events), part.next);
        return { known: { ...found, mark: part.next }, mark: part.next };
      });
      known = now.known;
      place = now.mark;
      if (known === null) {
        // They have all in memory that is needed to go on, so they are let go on for as long as they do.
        await setTimeout(pauseMs);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
        continue;
      }
    }
    if (damage !== null) throw damage;
    if (part.ended) return;
  }
}

/** Up to where a run has been read, and what is known of it; null where somebody else has read it. */
interface Followed {
  readonly known: KnownRun | null;
  readonly mark: JournalMark;
}

/** Reads a part up to the damage in it, if there is any. */
function soundPart(
  path: string,
  from: JournalMark,
): { readonly part: JournalPart; readonly damage: SheafError | null } {
  try {
    return { part: readJournalPart(path, { from, most: PART_EVENTS }), damage: null };
  } catch (error) {
    if (!isSheafError(error, "JOURNAL_DAMAGED")) throw error;
    const most = error.details.line - 1 - from.seq;
    if (most === 0) throw error;
    return { part: readJournalPart(path, { from, most }), damage: error };
  }
}
