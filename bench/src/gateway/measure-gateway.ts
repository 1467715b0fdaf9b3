// What the gateway adds to a call of a model.
import type { ContestResult } from "../measure/contest.ts";
import { writablePlaces } from "../measure/file-system.ts";
import { inOwnProcess } from "../measure/own-process.ts";
import { type Section, type SectionOptions, sayDrift } from "../show/section.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { GatewayRequest } from "./contest-process.ts";
import { AT_ONCE, CALLS, WAYS } from "./ways.ts";

const PROGRAM: URL = new URL("./contest-process.js", import.meta.url);

/** Measures the processor time of a process that does nothing but hand calls on. */
export async function measureGateway({ rounds, seed, note }: SectionOptions): Promise<Section> {
  using folder = temporaryFolder(writablePlaces()[0]!.folder);
  const request: GatewayRequest = { folder: folder.path, rounds, seed };
  const { standings, drift } = await inOwnProcess<ContestResult>({ program: PROGRAM, request, note });
  const columns = [
    { key: "name", heading: "a call with" },
    { key: "cpu", heading: "CPU ms", digits: 2 },
    { key: "most", heading: "most", digits: 2 },
  ];
  const rows = standings.map(({ name, cpuMs }) => ({
    name,
    cpu: cpuMs.median / CALLS,
    most: cpuMs.most / CALLS,
  }));
  const notes = [
    `${CALLS.toLocaleString("en")} calls, ${AT_ONCE} at once; processor time of the gateway's process alone, as client and server have one of their own.`,
    sayDrift(WAYS[0]!.name, drift),
  ];
  return { tables: [{ title: "Gateway: what a call takes", columns, rows, notes }] };
}
