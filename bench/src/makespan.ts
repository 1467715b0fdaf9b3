import { makespanCommand } from "./makespan-command.ts";

process.exitCode = makespanCommand(process.argv.slice(2), process);
