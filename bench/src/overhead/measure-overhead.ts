// What a task costs that does nothing, beside the least that others need for the same.
import { type Place, writablePlaces } from "../measure/file-system.ts";
import { inOwnProcess } from "../measure/own-process.ts";
import type { Section, SectionOptions } from "../show/section.ts";
import { CONTESTS } from "./contests.ts";
import { type HeldContest, type OverheadRequest, perTaskUs } from "./held-contest.ts";
import { INDEPENDENT } from "./in-process.ts";
import { overheadTable } from "./overhead-table.ts";

const PROGRAM: URL = new URL("./contest-process.js", import.meta.url);

/** Measures the price of a task in every executor. */
export async function measureOverhead(options: SectionOptions): Promise<Section> {
  const places = writablePlaces();
  const held: HeldContest[] = [];
  for (const [name, { files }] of Object.entries(CONTESTS)) {
    for (const place of files === "every" ? places : places.slice(0, 1)) {
      const contest = await hold(name, place, options);
      held.push(files === "none" ? contest : { ...contest, what: `${contest.what}, ${place.fileSystem}` });
    }
  }
  return { tables: [overheadTable(held, [sayGrowth(held)])] };
}

/** Temporary files of the contest go to the place. */
function hold(name: string, place: Place, { rounds, seed, note }: SectionOptions): Promise<HeldContest> {
  const request: OverheadRequest = { name, rounds, seed };
  return inOwnProcess<HeldContest>({
    program: PROGRAM,
    request,
    env: { TMPDIR: place.folder },
    note: (sentence) => note(`${name}, ${place.fileSystem}, ${sentence}`),
  });
}

function sayGrowth(held: readonly HeldContest[]): string {
  const usOf = (name: string): number => {
    const contest = held.find(({ tasks }) => tasks[name] !== undefined)!;
    return perTaskUs(contest, contest.result.standings.find((each) => each.name === name)!)!.cpuUs;
  };
  const growth = usOf(INDEPENDENT.many) / usOf(INDEPENDENT.few);
  return `With 10 times as many tasks each takes ${growth.toFixed(2)} times as much processor time.`;
}
