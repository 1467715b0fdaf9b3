import { readSettings } from "@sheaf/engine";
import { type RouteTable, readSnapshot, routeSnapshot, snapshotFile } from "@sheaf/ledger";
import { routesCsv, routesText } from "../show/routes-text.ts";
import { EXIT, type Io } from "./io.ts";
import { askBill } from "./open-history.ts";

interface RouteCostsFlags {
  readonly dir?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

interface Answer {
  readonly table: RouteTable;
  readonly telemetryFaults: number;
  readonly memoSavedUsd: number;
}

/**
 * Prints what each route has come to in the runs of a directory.
 *
 * @throws SheafError OPTION_INVALID, HISTORY_UNUSABLE
 */
export async function routeCosts(
  flags: RouteCostsFlags,
  { io, since }: { readonly io: Io; readonly since: number | null },
): Promise<number> {
  const { routes } = readSettings({}, io.env).settings;
  const { answer, where } = await askBill({ dir: flags.dir, io, since }, async (index, { dir, stateDir }) => {
    // Where the environment names no list, that of the last run still says which rows there are.
    const { snapshot, note } = readSnapshot(snapshotFile(stateDir));
    if (note !== null) io.stderr.write(`${note}\n`);
    const rows = { routes, also: snapshot?.routes ?? [] };
    const answer: Answer =
      index === null
        ? { table: routeSnapshot([], { routes }).windows.lifetime, telemetryFaults: 0, memoSavedUsd: 0 }
        : {
            table: await index.routes({ ...rows, since }),
            telemetryFaults: await index.telemetryFaults(),
            memoSavedUsd: (await index.costs({ by: "route", since })).memoSavedUsd,
          };
    return { answer, where: dir };
  });
  io.stdout.write(`${textOf(flags, { ...answer, since, where })}\n`);
  return EXIT.succeeded;
}

function textOf(
  { csv, json }: RouteCostsFlags,
  {
    table,
    telemetryFaults,
    memoSavedUsd,
    since,
    where,
  }: Answer & { readonly since: number | null; readonly where: string },
): string {
  if (csv === true) return routesCsv(table);
  if (json !== true) return routesText(table, { since, telemetryFaults, memoSavedUsd });
  const from = since === null ? null : new Date(since).toISOString();
  const { lines, total } = table;
  return JSON.stringify(
    { dir: where, by: "route", since: from, lines, total, memoSavedUsd, telemetryFaults },
    null,
    2,
  );
}
