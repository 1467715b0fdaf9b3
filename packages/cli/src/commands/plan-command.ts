import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { SheafError, toDot, toMermaid } from "@sheaf/core";
import { type Asking, type PlannedRun, planRun } from "@sheaf/engine";
import type { RunForecast } from "@sheaf/ledger";
import { askingText } from "../show/asking-text.ts";
import { forecastData, forecastText } from "../show/forecast-text.ts";
import { plainData } from "../show/plain-data.ts";
import { planData, planText } from "../show/plan-text.ts";
import { terminalLook, widthOf } from "../show/terminal-look.ts";
import { correctEdges } from "./correct-edges.ts";
import { assertWithin, forecastPlan } from "./forecast-plan.ts";
import { EXIT, type Io } from "./io.ts";
import { type PlanFlags, type PreparedRun, prepareRun } from "./prepare-run.ts";
import { parseUsd } from "./quantities.ts";
import { sayError, sayProblems } from "./say-error.ts";

export interface PlanCommandFlags extends PlanFlags {
  readonly dot?: boolean;
  readonly mermaid?: boolean;
  readonly json?: boolean;
  readonly edit?: boolean;
  readonly cost?: boolean;
  readonly maxUsd?: string;
}

// The file that this one was compiled to has the same ending.
const standIn = {
  module: fileURLToPath(new URL(`./stand-in${extname(import.meta.url)}`, import.meta.url)),
};

/** Prints what a run of the plan would do, without doing it. */
export async function planCommand(path: string, flags: PlanCommandFlags, io: Io): Promise<number> {
  if (flags.edit === true && path === "-") {
    const expected = "a file where --edit is given, as the editor needs the standard input";
    throw new SheafError("OPTION_INVALID", { option: "PLAN", expected, got: path });
  }
  const maxUsd = flags.maxUsd === undefined ? null : parseUsd("--max-usd", flags.maxUsd);
  const prepared = prepareRun(path, flags, { io, standIn });
  if ("problems" in prepared) return sayProblems(prepared.problems, io);
  try {
    const onAsking = (asking: Asking): void => void io.stderr.write(`Asking ${askingText(asking)}\n`);
    const plan = () => planRun(prepared.input, prepared.agent, { ...prepared.options, onAsking });
    let planned = await plan();
    if (flags.edit === true) {
      const correcting = await correctEdges(planned, { path, io });
      if (correcting.exitCode !== EXIT.succeeded) return correcting.exitCode;
      if (correcting.changed) {
        const again = await plan();
        planned = { ...again, usage: [...planned.usage, ...again.usage] };
      }
    }
    const forecast =
      flags.cost === true || maxUsd !== null ? await forecastPlan(planned, prepared, io) : null;
    const shown = flags.cost === true ? forecast : null;
    io.stdout.write(`${show(withMissing(planned, prepared), { flags, io, forecast: shown })}\n`);
    if (forecast !== null && maxUsd !== null) assertWithin(maxUsd, forecast, planned);
    return EXIT.succeeded;
  } catch (error) {
    if (!(error instanceof SheafError)) throw error;
    sayError(prepared.locate(error), io);
    return EXIT.badInput;
  }
}

// What a run would refuse.
function withMissing(planned: PlannedRun, { missing }: PreparedRun): PlannedRun {
  const { agents, tasks } = missing;
  const warnings = [
    ...planned.plan.warnings,
    ...(agents.length === 0
      ? []
      : [
          `Nobody named a module for: ${agents.join(", ")}. A run needs them under \`agents\`, or --agent NAME=MODULE.`,
        ]),
    ...(tasks.length === 0
      ? []
      : [
          `Nothing does: ${tasks.join(", ")}. A run needs a \`run\` or an \`agent\` for each, or --agent MODULE for all.`,
        ]),
  ];
  return { ...planned, plan: { ...planned.plan, warnings } };
}

interface Showing {
  readonly forecast: RunForecast | null;
  readonly flags: PlanCommandFlags;
  readonly io: Io;
}

function show(planned: PlannedRun, { flags, io, forecast }: Showing): string {
  const { graph } = planned.plan;
  const { stdout, env } = io;
  if (flags.dot === true) return toDot(graph).trimEnd();
  if (flags.mermaid === true) return toMermaid(graph).trimEnd();
  if (flags.json === true) {
    const told = forecast === null ? {} : { forecast: forecastData(forecast) };
    return JSON.stringify(plainData({ ...planData(planned), ...told }), null, 2);
  }
  const options = { ...terminalLook(stdout, env), width: widthOf(stdout) };
  const text = planText(planned, options);
  return forecast === null ? text : `${text}\n\n${forecastText(forecast, options)}`;
}
