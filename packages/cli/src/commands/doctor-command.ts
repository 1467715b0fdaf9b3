import { examineMachine, type Finding, readSettings } from "@sheaf/engine";
import { alignColumns } from "../show/align-columns.ts";
import { wrapText } from "../show/fit-text.ts";
import { type Palette, palette } from "../show/palette.ts";
import { terminalLook, widthOf } from "../show/terminal-look.ts";
import { EXIT, type Io } from "./io.ts";
import { statePlace } from "./state-place.ts";

export interface DoctorFlags {
  readonly dir?: string;
  readonly json?: boolean;
}

/** Prints what runs have at hand on this machine. Exits with 0 when they work at all. */
export async function doctorCommand(flags: DoctorFlags, io: Io): Promise<number> {
  const place = statePlace(flags.dir, io);
  const findings = await examineMachine({ ...place, settings: readSettings({}, io.env).settings });
  const works = findings.every(({ grade }) => grade !== "bad");
  if (flags.json === true) io.stdout.write(`${JSON.stringify({ works, ...place, findings }, null, 2)}\n`);
  else {
    const paint = palette(terminalLook(io.stdout, io.env));
    const width = widthOf(io.stdout);
    for (const line of readable(findings, { paint, width })) io.stdout.write(`${line}\n`);
    io.stdout.write(works ? "\nRuns work here.\n" : `\n${paint.bad("Runs do not work here.")}\n`);
  }
  return works ? EXIT.succeeded : EXIT.failed;
}

const INDENT = "           ";

function readable(
  findings: readonly Finding[],
  { paint, width }: { readonly paint: Palette; readonly width: number },
): readonly string[] {
  const colors = { good: paint.good, limited: paint.warn, bad: paint.bad };
  const heads = alignColumns(
    findings.map(({ grade, about, what }) => [colors[grade](grade), paint.strong(about), what]),
  );
  const indented = (text: string): readonly string[] =>
    wrapText(text, width - INDENT.length).map((line) => `${INDENT}${line}`);
  return findings.flatMap(({ why, better }, i) => [
    heads[i]!,
    ...indented(why),
    ...(better === null ? [] : indented(`better: ${better}`)),
  ]);
}
