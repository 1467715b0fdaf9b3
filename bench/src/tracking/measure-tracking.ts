// What recording the files that code looks at adds to a call.
import type { ContestResult } from "../measure/contest.ts";
import { writablePlaces } from "../measure/file-system.ts";
import { inOwnProcess } from "../measure/own-process.ts";
import { type Section, type SectionOptions, sayDrift } from "../show/section.ts";
import type { Row } from "../show/table.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { CALLS, FILES, type Measured, nameOf, TIMES } from "./calls.ts";
import type { TrackingRequest } from "./contest-process.ts";

const PROGRAM: URL = new URL("./contest-process.js", import.meta.url);

/** Measures calls of fs in threads without the fs hook, with it, and with it in use. */
export async function measureTracking({ rounds, seed, note }: SectionOptions): Promise<Section> {
  const place = writablePlaces()[0]!;
  using folder = temporaryFolder(place.folder);
  const request: TrackingRequest = { folder: folder.path, rounds, seed };
  const result = await inOwnProcess<ContestResult>({ program: PROGRAM, request, note });
  const columns = [
    { key: "call", heading: "call" },
    { key: "time", heading: "path is looked at" },
    { key: "without", heading: "without hook, us", digits: 2 },
    { key: "idle", heading: "more between tasks", digits: 2 },
    { key: "tracking", heading: "more in a task", digits: 2 },
  ];
  const notes = [
    `${FILES.toLocaleString("en")} files on ${place.fileSystem}, microseconds a call, one call at a time.`,
    sayDrift(result.standings[0]!.name, result.drift),
  ];
  return {
    tables: [{ title: "Tracking of files: what a call takes", columns, rows: rowsOf(result), notes }],
  };
}

function rowsOf({ standings }: ContestResult): readonly Row[] {
  const usOf = (measured: Measured): number =>
    (standings.find(({ name }) => name === nameOf(measured))!.wallMs.median * 1_000) / FILES;
  return CALLS.flatMap((call) =>
    TIMES.map((time): Row => {
      const without = usOf({ call, time, way: "without" });
      const more = (way: Measured["way"]): number => usOf({ call, time, way }) - without;
      return { call, time, without, idle: more("idle"), tracking: more("tracking") };
    }),
  );
}
