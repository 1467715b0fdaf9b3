import { dependenciesCommand } from "./dependencies/dependencies-command.ts";

process.exitCode = await dependenciesCommand(process.argv.slice(2), process, process);
