// The commands around the state of runs.
import type { Command } from "commander";
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

A task with \`effects\` that was cut off in the middle is in doubt: look whether its effects happened,
and say --again or --done.

Exit code: as of \`sheaf run\`; 2 also for a run that cannot be gone on with.
`;

type Ended = (exitCode: number) => void;

const gather = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Adds the commands that look after the state of runs. */
export function addStateCommands(program: Command, io: Io, ended: Ended): void {
  addResume(program, io, ended);
}

function withDir(command: Command, whose: string): Command {
  return command.option("--dir <folder>", `the shared directory${whose} (default: the current one)`);
}

function addResume(program: Command, io: Io, ended: Ended): void {
  withDir(program.command("resume").description("go on with a run that ended early"), " of the run")
    .argument("<run>", "which run")
    .option("--again <task>", "start this task in doubt again", gather)
    .option("--done <task>", "take this task in doubt as done, with no output and no files", gather)
    .option("--json", "print the report as JSON, outputs included")
    .option("--gantt", "also draw when each task ran")
    .option("--quiet", "no progress")
    .option("--verbose", "progress as lines, with what agents say and what tasks wait for")
    .addHelpText("after", RESUME_NOTES)
    .action(async (run: string, flags: ResumeFlags) => ended(await resumeCommand(run, flags, io)));
}
