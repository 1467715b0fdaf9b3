// Directories as transactions, beside plain copies of the same tree: on a disk and in memory, by copies and by links.
import { chownSync } from "node:fs";
import { probeOverlay, type StagingRung } from "@sheaf/workdir";
import type { ContestResult } from "../measure/contest.ts";
import { type Place, writablePlaces } from "../measure/file-system.ts";
import { inOwnProcess } from "../measure/own-process.ts";
import type { Section, SectionOptions } from "../show/section.ts";
import type { Table } from "../show/table.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { WorkdirRequest } from "./workdir-request.ts";
import { type MeasuredTree, workdirTable } from "./workdir-table.ts";

const PROGRAM: URL = new URL("./contest-process.js", import.meta.url);
const SIZES: readonly number[] = [1_000, 10_000];
/** A tree so large that to copy it for each task is out of the question: measured where there is no disk to wait for. */
const LARGE = { files: 100_000, rung: "overlay" } as const;
const RUNGS: readonly StagingRung[] = ["copy", "hardlink", "overlay"];
const NOBODY = 65_534;

/** Measures each rung on a disk and, where there is one, on a file system in memory. */
export async function measureWorkdir(options: SectionOptions): Promise<Section> {
  const tables: Table[] = [];
  for (const place of writablePlaces()) {
    const measured: MeasuredTree[] = [];
    const rungs = await rungsIn(place, options);
    for (const files of SIZES) {
      for (const rung of rungs) measured.push(await measureOne(place, { files, rung }, options));
    }
    const isLargeWanted = place.fileSystem === "tmpfs" && rungs.includes(LARGE.rung);
    if (isLargeWanted) measured.push(await measureOne(place, LARGE, options));
    tables.push(workdirTable(place.fileSystem, measured));
  }
  return { tables };
}

async function rungsIn(
  { folder, fileSystem }: Place,
  { note }: SectionOptions,
): Promise<readonly StagingRung[]> {
  const verdict = await probeOverlay(folder);
  if (verdict.ok) return RUNGS;
  note(`${fileSystem}: no overlays, as ${verdict.why} (${verdict.remedy})`);
  return RUNGS.filter((rung) => rung !== "overlay");
}

async function measureOne(
  place: Place,
  { files, rung }: { readonly files: number; readonly rung: StagingRung },
  { rounds, seed, note }: SectionOptions,
): Promise<MeasuredTree> {
  using folder = temporaryFolder(place.folder);
  const user = userFor(rung);
  if (user !== null) chownSync(folder.path, user, user);
  const { fileSystem } = place;
  const request: WorkdirRequest = { folder: folder.path, rung, files, user, rounds, seed };
  const result = await inOwnProcess<ContestResult>({
    program: PROGRAM,
    request,
    note: (sentence) => note(`${fileSystem}, ${files} files, ${rung}, ${sentence}`),
  });
  return { rung, files, result };
}

/** File modes protect shared bytes from an ordinary user alone, so root is never given links. */
function userFor(rung: StagingRung): number | null {
  return rung === "hardlink" && process.getuid?.() === 0 ? NOBODY : null;
}
