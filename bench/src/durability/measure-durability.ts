// What it takes until a commit survives a loss of power, beside what the disk itself takes for as many files.
import { diskSync, fsyncEach, noSync } from "@sheaf/workdir";
import { holdContest, NOISY_DRIFT } from "../measure/contest.ts";
import { type Place, writablePlaces } from "../measure/file-system.ts";
import type { Section, SectionOptions } from "../show/section.ts";
import type { Table } from "../show/table.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { bareWrites, COMMITS, commits, FILES } from "./commits.ts";

const BARE = `write ${FILES} files, one syncfs`;

/** Measures commits on a disk and, where there is one, on a file system in memory. */
export async function measureDurability(options: SectionOptions): Promise<Section> {
  const tables: Table[] = [];
  for (const place of writablePlaces()) tables.push(await measureIn(place, options));
  return { tables };
}

async function measureIn(
  { folder, fileSystem }: Place,
  { rounds, seed, note }: SectionOptions,
): Promise<Table> {
  using temporary = temporaryFolder(folder);
  const { path } = temporary;
  const many = await diskSync();
  const contestants = [
    bareWrites(BARE, path, many),
    bareWrites(`write ${FILES} files, fsync each`, path, fsyncEach),
    commits("Sheaf: commit, process", path, noSync),
    commits("Sheaf: commit, power", path, many),
    commits("Sheaf: commit, power, fsync each", path, fsyncEach),
  ];
  const { standings, drift } = await holdContest(
    { contestants, yardstick: BARE },
    { rounds, seed, note: (sentence) => note(`${fileSystem}, ${sentence}`) },
  );
  const bareMs = standings.find(({ name }) => name === BARE)!.wallMs.median;
  return {
    title: `Commits of ${FILES} files of 1 KiB on ${fileSystem}`,
    columns: [
      { key: "what", heading: "what" },
      { key: "wall", heading: "wall ms", digits: 1 },
      { key: "over", heading: "over the bare syncfs, ms", digits: 1 },
      { key: "cpu", heading: "CPU ms", digits: 1 },
    ],
    rows: standings.map(({ name, wallMs, cpuMs }) => ({
      ...{ what: name, wall: wallMs.median, over: wallMs.median - bareMs, cpu: cpuMs.median },
    })),
    notes: [
      `Each figure is the mean of ${COMMITS} in a row.`,
      `The slowest round of the bare syncfs took ${drift.toFixed(2)} times its fastest${drift > NOISY_DRIFT ? " (noisy)" : ""}.`,
    ],
  };
}
