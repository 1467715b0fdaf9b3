import { fileURLToPath } from "node:url";
import { SheafError, toDot, toMermaid } from "@sheaf/core";
import { type PlannedRun, planRun } from "@sheaf/engine";
import { plainData } from "../show/plain-data.ts";
import { planData, planText } from "../show/plan-text.ts";
import { terminalLook, widthOf } from "../show/terminal-look.ts";
import { EXIT, type Io } from "./io.ts";
import { type PlanFlags, type PreparedRun, prepareRun } from "./prepare-run.ts";
import { sayError, sayProblems } from "./say-error.ts";

export interface PlanCommandFlags extends PlanFlags {
  readonly dot?: boolean;
  readonly mermaid?: boolean;
  readonly json?: boolean;
}

// No agent is started for a plan, so any file may stand where an agent's module is missing.
const standIn = { module: fileURLToPath(import.meta.url) };

/** Prints what a run of the plan would do, without doing it. */
export async function planCommand(path: string, flags: PlanCommandFlags, io: Io): Promise<number> {
  const prepared = prepareRun(path, flags, { io, standIn });
  if ("problems" in prepared) return sayProblems(prepared.problems, io);
  try {
    const planned = withoutStandIn(await planRun(prepared.input, prepared.agent, prepared.options), prepared);
    io.stdout.write(`${show(planned, prepared, { flags, io })}\n`);
    return EXIT.succeeded;
  } catch (error) {
    if (!(error instanceof SheafError)) throw error;
    sayError(prepared.locate(error), io);
    return EXIT.badInput;
  }
}

// That the stand-in is no agent is no news.
function withoutStandIn(planned: PlannedRun, { missingAgents }: PreparedRun): PlannedRun {
  if (missingAgents.length === 0) return planned;
  return { ...planned, fallbacks: planned.fallbacks.filter(({ part }) => part !== "agents") };
}

interface Showing {
  readonly flags: PlanCommandFlags;
  readonly io: Io;
}

function show(planned: PlannedRun, { missingAgents }: PreparedRun, { flags, io }: Showing): string {
  const { graph } = planned.plan;
  const { stdout, env } = io;
  if (flags.dot === true) return toDot(graph).trimEnd();
  if (flags.mermaid === true) return toMermaid(graph).trimEnd();
  if (flags.json === true) return JSON.stringify(plainData(planData(planned)), null, 2);
  return planText(planned, { ...terminalLook(stdout, env), width: widthOf(stdout), missingAgents });
}
