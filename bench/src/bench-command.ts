import { measureAnalysis } from "./analysis/measure-analysis.ts";
import { measureAudit } from "./audit/measure-audit.ts";
import { BadInput } from "./bad-input.ts";
import { type BenchArguments, benchArguments, type SectionName } from "./bench-arguments.ts";
import { measureDurability } from "./durability/measure-durability.ts";
import { measureGateway } from "./gateway/measure-gateway.ts";
import { measureHistory } from "./history/measure-history.ts";
import type { CommandOutput } from "./makespan-command.ts";
import { type Conditions, underConditions } from "./measure/conditions.ts";
import { describeMachine, type Machine } from "./measure/machine.ts";
import { measureOverhead } from "./overhead/measure-overhead.ts";
import { measurePrices } from "./prices/measure-prices.ts";
import { type MeasureSection, sayConditions } from "./show/section.ts";
import { markdownTable, type Table, textTable } from "./show/table.ts";
import { measureTracking } from "./tracking/measure-tracking.ts";
import { measureWorkdir } from "./workdir/measure-workdir.ts";
import { measureWorkflows } from "./workflows/measure-workflows.ts";

const SECTIONS: Readonly<Record<SectionName, MeasureSection>> = {
  audit: measureAudit,
  workflows: measureWorkflows,
  overhead: measureOverhead,
  workdir: measureWorkdir,
  durability: measureDurability,
  tracking: measureTracking,
  analysis: measureAnalysis,
  prices: measurePrices,
  gateway: measureGateway,
  history: measureHistory,
};

interface MeasuredSection {
  readonly name: SectionName;
  readonly conditions: Conditions;
  readonly tables: readonly Table[];
}

/**
 * Measures what `bench` is asked for and writes it to stdout; what it is doing goes to stderr. Returns the exit code:
 * 2, with a sentence on stderr, when the command line cannot be used.
 */
export async function benchCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  const note = (sentence: string): void => {
    output.stderr.write(`${sentence}\n`);
  };
  try {
    const asked = benchArguments(args);
    const machine = await describeMachine();
    const at = new Date().toISOString();
    if (asked.form !== "json") output.stdout.write(`${header(machine, asked, at)}\n\n`);
    const sections: MeasuredSection[] = [];
    for (const name of asked.only) {
      const section = await measure(name, asked, note);
      if (section === null) continue;
      sections.push(section);
      if (asked.form !== "json") output.stdout.write(`${rendered(section, asked.form)}\n`);
    }
    if (asked.form === "json")
      output.stdout.write(`${JSON.stringify({ at, machine, ...asked, sections })}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    note(error.message);
    return 2;
  }
}

async function measure(
  name: SectionName,
  { rounds, seed }: BenchArguments,
  note: (sentence: string) => void,
): Promise<MeasuredSection | null> {
  const told = (sentence: string): void => note(`${name}: ${sentence}`);
  const { result, conditions } = await underConditions(() => SECTIONS[name]({ rounds, seed, note: told }));
  return result === null ? null : { name, conditions, tables: result.tables };
}

function header(machine: Machine, { rounds, seed }: BenchArguments, at: string): string {
  const { processor, cores, memoryGiB, system, node, countsChildren } = machine;
  const children = countsChildren ? "with" : "without";
  return [
    `${processor}, ${cores} cores, ${memoryGiB} GiB; ${system}; Node ${node}; ${at.slice(0, 10)}.`,
    `${rounds === 1 ? "1 round" : `Medians of ${rounds} rounds`} in drawn order (seed ${seed}); processor time ${children} that of child processes.`,
  ].join("\n");
}

function rendered({ conditions, tables }: MeasuredSection, form: "text" | "markdown"): string {
  const said = tables.map((table) => {
    const full = { ...table, notes: [...table.notes, sayConditions(conditions)] };
    return form === "text" ? textTable(full) : `### ${table.title}\n\n${markdownTable(full)}`;
  });
  return said.join("\n");
}
