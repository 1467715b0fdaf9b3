import type { StagingRung } from "@sheaf/workdir";
import { type ContestResult, NOISY_DRIFT } from "../measure/contest.ts";
import type { Column, Row, Table } from "../show/table.ts";
import { PLAIN_LOOP } from "./plain-copies.ts";
import { FOLDERS } from "./sample-tree.ts";

/** What was measured with a tree of so many files. */
export interface MeasuredTree {
  readonly files: number;
  readonly rung: StagingRung;
  readonly result: ContestResult;
}

/** Makes the table of one file system: a row for each step, columns for each tree and rung. */
export function workdirTable(fileSystem: string, measured: readonly MeasuredTree[]): Table {
  const columns = measured.flatMap((tree): Column[] => {
    const heading = `${tree.files.toLocaleString("en")} ${tree.rung}`;
    return [
      { key: keyOf(tree), heading: `${heading}, ms`, digits: 1 },
      { key: `${keyOf(tree)} ratio`, heading: "of plain", digits: 3 },
    ];
  });
  return {
    title: `Work directories on ${fileSystem}: trees of 1 KiB files in ${FOLDERS} folders`,
    columns: [{ key: "step", heading: "step" }, ...columns],
    rows: rowsOf(measured),
    notes: [`of plain: of the time that a ${PLAIN_LOOP} took in the same round.`, ...measured.map(sayDrift)],
  };
}

const keyOf = ({ files, rung }: MeasuredTree): string => `${files} ${rung}`;

function rowsOf(measured: readonly MeasuredTree[]): readonly Row[] {
  const steps = measured[0]!.result.standings.map(({ name }) => name);
  return steps.map((step) => {
    const cells = measured.flatMap((tree): [string, number][] => {
      const { wallMs, wallRatio } = tree.result.standings.find(({ name }) => name === step)!;
      return [
        [keyOf(tree), wallMs.median],
        [`${keyOf(tree)} ratio`, wallRatio.median],
      ];
    });
    return { step, ...Object.fromEntries(cells) };
  });
}

function sayDrift({ files, rung, result }: MeasuredTree): string {
  const noisy = result.drift > NOISY_DRIFT ? " (noisy)" : "";
  return `${files.toLocaleString("en")} files, ${rung}: the slowest round of the plain copy took ${result.drift.toFixed(2)} times its fastest${noisy}.`;
}
