// The commands around the state of runs.
import { systemClock } from "@sheaf/core";
import type { Command } from "commander";
import { type DiffFlags, diffCommand } from "./diff-command.ts";
import { type DoctorFlags, doctorCommand } from "./doctor-command.ts";
import { type DuFlags, duCommand } from "./du-command.ts";
import { EXPORT_FORMS, type ExportFlags, exportCommand } from "./export-command.ts";
import { type GcFlags, gcCommand } from "./gc-command.ts";
import type { Io } from "./io.ts";
import { type ResumeFlags, resumeCommand } from "./resume-command.ts";

const RUN_NAMES = 'RUN is the id of a run, the beginning of one, "latest", or the folder of a run.';

const RESUME_NOTES = `
${RUN_NAMES}

Examples:
  $ sheaf resume latest
  $ sheaf resume 20260131-1402 --dir ./paper
  $ sheaf resume latest --done send-mail      the mail went out: take the task as done
  $ sheaf resume latest --again send-mail     it did not: start the task again

What is committed stays; finished attempts are used where they would read the same; the rest runs.
The plan is read again where it still is, so a mended task runs as it is now, and what depends on it
runs again; else the text that was kept with the run counts. Agents and settings are those of the
command line that started the run.

A task with \`effects\` that was cut off in the middle is in doubt, and so is one that has had them and
would do something else now: look whether they happened, or should again, and say --again or --done.

Exit code: as of \`sheaf run\`; 2 also for a run that cannot be gone on with.
`;

const DIFF_NOTES = `
${RUN_NAMES}

Examples:
  $ sheaf diff latest                 what each task read and wrote
  $ sheaf diff latest fit             one task
  $ sheaf diff latest --json | jq '.conflicts'

+ is a path that was new, - one that was removed, ~ one that changed; of text files up to 200 lines
of the difference are shown. Tasks that have finished and are not committed are shown, too, and which
task ran again because of what another one had changed. A run that succeeded removes the bytes that
it would need to go on: then there are only those that are still in the directory as it left them.
`;

const EXPORT_NOTES = `
${RUN_NAMES}

Examples:
  $ sheaf export latest --as csv --out calls.csv
  $ sheaf export latest --as otlp --endpoint http://localhost:4318
  $ sheaf export 20260131 20260201 --as prometheus --out sheaf.prom

otlp          spans of OpenTelemetry, as lines of JSON: the run, its tasks' attempts, their model calls
otlp-metrics  its metrics: durations, tokens, costs
prometheus    counters and gauges as text
csv           a line for each model call
ag2           what each agent cost with each model, as JSON

With --endpoint spans and metrics are sent (otlp-metrics: the latter alone) to a server for OTLP over
HTTP, as JSON; without a URL to that of OTEL_EXPORTER_OTLP_ENDPOINT. OTEL_EXPORTER_OTLP_HEADERS and
OTEL_EXPORTER_OTLP_TIMEOUT count, too. Exit code: 1 when it was not taken.
`;

const DU_NOTES = `
Examples:
  $ sheaf du
  $ sheaf du --dir ./paper --json | jq .bytes

A size is what removing the state would give back: bytes that the directory holds too, by a hard
link, are not counted. "unfinished" is a run that is under way, or was killed; "unknown" one without
a journal that can be read.
`;

const GC_NOTES = `
Examples:
  $ sheaf gc --dry-run                        what would go
  $ sheaf gc                                  the state of all runs that have succeeded
  $ sheaf gc --older-than 7d --keep 5         of those older than a week, but for the last five
  $ sheaf gc --max-size 2G                    the oldest, until the rest takes 2 GiB
  $ sheaf gc --older-than 7d --all            also of runs that could be gone on with

Of what \`memo\` keeps, entries go that are older than --older-than, and the oldest until the rest takes
no more than --max-size; without either only what no entry needs.

Journals go with the rest: what is removed can be neither traced nor resumed. What the runs have cost
is kept first, and stays in \`sheaf costs\`; where that cannot be done nothing is removed. The directory's own
files are never touched. A run that failed, was cancelled, is suspended or was killed stays for 30
days, unless --all is given. While a run holds the directory nothing is removed.
`;

const DOCTOR_NOTES = `
Examples:
  $ sheaf doctor
  $ sheaf doctor --dir ./paper --json | jq '.findings[] | select(.better)'

"good" is as well as it gets; "limited" works, and says what would be better; "bad" keeps every run
from working. Exit code: 0 when runs work at all, 1 when they do not.
`;

type Ended = (exitCode: number) => void;

const gather = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Adds the commands that look after the state of runs. */
export function addStateCommands(program: Command, io: Io, ended: Ended): void {
  addResume(program, io, ended);
  addDiff(program, io, ended);
  addExport(program, io, ended);
  addDu(program, io, ended);
  addGc(program, io, ended);
  addDoctor(program, io, ended);
}

function withDir(command: Command, whose: string): Command {
  return command.option("--dir <folder>", `the shared directory${whose} (default: the current one)`);
}

function addResume(program: Command, io: Io, ended: Ended): void {
  withDir(program.command("resume").description("go on with a run that ended early"), " of the run")
    .argument("<run>", "which run")
    .option("--again <task>", "start this task in doubt again", gather)
    .option("--done <task>", "take this task in doubt as done, as its last attempt left it", gather)
    .option("--json", "print the report as JSON, outputs included")
    .option("--gantt", "also draw when each task ran")
    .option("--quiet", "no progress")
    .option("--verbose", "progress as lines, with what agents say and what tasks wait for")
    .addHelpText("after", RESUME_NOTES)
    .action(async (run: string, flags: ResumeFlags) => ended(await resumeCommand(run, flags, io)));
}

function addDiff(program: Command, io: Io, ended: Ended): void {
  withDir(program.command("diff").description("show what the tasks of a run read and wrote"), " of the run")
    .argument("<run>", "which run")
    .argument("[task]", "which task (default: all)")
    .option("--json", "as JSON")
    .addHelpText("after", DIFF_NOTES)
    .action(async (run: string, task: string | undefined, flags: DiffFlags) =>
      ended(await diffCommand({ run, task }, flags, io)),
    );
}

function addExport(program: Command, io: Io, ended: Ended): void {
  const command = program.command("export").description("give runs to other programs");
  withDir(command, " of the runs")
    .argument("<run...>", "which runs")
    .addOption(
      command.createOption("--as <form>", "in which form").choices(EXPORT_FORMS).makeOptionMandatory(),
    )
    .option("--out <file>", "write it there (default: standard output)")
    .option("--endpoint [url]", "send it there")
    .addHelpText("after", EXPORT_NOTES)
    .action(async (runs: string[], flags: ExportFlags) => ended(await exportCommand(runs, flags, io)));
}

function addDu(program: Command, io: Io, ended: Ended): void {
  withDir(program.command("du").description("show what the state of runs takes on the disk"), "")
    .option("--json", "as JSON, with every part")
    .addHelpText("after", DU_NOTES)
    .action((flags: DuFlags) => ended(duCommand(flags, { io, now: systemClock.now() })));
}

function addGc(program: Command, io: Io, ended: Ended): void {
  withDir(program.command("gc").description("remove the state of runs that nobody needs any more"), "")
    .option("--older-than <age>", "only runs that ended so long ago: 12h, 7d, 4w")
    .option("--keep <n>", "leave the last so many runs")
    .option("--max-size <size>", "remove the oldest only until the rest takes no more: 500M, 2G")
    .option("--shared-memo", "also of the memo that all directories share")
    .option("--all", "also runs younger than 30 days that failed, were cancelled, suspended or killed")
    .option("--forget-costs", "also where what the runs have cost cannot be kept")
    .option("--dry-run", "say what would go, and leave it")
    .option("--json", "as JSON")
    .addHelpText("after", GC_NOTES)
    .action(async (flags: GcFlags) => ended(await gcCommand(flags, { io, now: systemClock.now() })));
}

function addDoctor(program: Command, io: Io, ended: Ended): void {
  withDir(program.command("doctor").description("say how well runs work on this machine, and why"), "")
    .option("--json", "as JSON")
    .addHelpText("after", DOCTOR_NOTES)
    .action(async (flags: DoctorFlags) => ended(await doctorCommand(flags, io)));
}
