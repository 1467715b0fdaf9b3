import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { declaredEdges, SheafError, type Task } from "@sheaf/core";
import { readKeptPlan } from "@sheaf/engine";
import {
  ag2Costs,
  callsCsv,
  type Dependency,
  otlpMetrics,
  otlpServer,
  otlpTraces,
  prometheusText,
  type RunFacts,
  readJournal,
  runFacts,
  sendOtlp,
} from "@sheaf/ledger";
import { readPlan } from "../plan-file/read-plan.ts";
import { openCallsText } from "../show/costs-text.ts";
import { counted } from "../show/counted.ts";
import { findRun } from "./find-run.ts";
import { EXIT, type Io } from "./io.ts";
import { sayError } from "./say-error.ts";

type ExportForm = "otlp" | "otlp-metrics" | "prometheus" | "csv" | "ag2";

/** A run, and which of its tasks are known to depend on which. */
interface Exported {
  readonly facts: RunFacts;
  readonly declared: readonly Dependency[];
}

type Text = (runs: readonly Exported[]) => string;

const lines = (messages: readonly string[]): string => messages.map((message) => `${message}\n`).join("");
const traces = (runs: readonly Exported[]): readonly string[] =>
  runs.flatMap(({ facts, declared }) => otlpTraces(facts, declared));
const metrics = (runs: readonly Exported[]): readonly string[] => runs.map(({ facts }) => otlpMetrics(facts));
const factsOf = (runs: readonly Exported[]): readonly RunFacts[] => runs.map(({ facts }) => facts);

// A file of OTLP must hold one kind of data.
const TEXTS: Readonly<Record<ExportForm, Text>> = {
  otlp: (runs) => lines(traces(runs)),
  "otlp-metrics": (runs) => lines(metrics(runs)),
  prometheus: (runs) => prometheusText(factsOf(runs)),
  csv: (runs) => callsCsv(factsOf(runs)),
  ag2: (runs) => `${JSON.stringify(ag2Costs(factsOf(runs)), null, 2)}\n`,
};

/** Forms that a run can be exported in. */
export const EXPORT_FORMS: readonly string[] = Object.keys(TEXTS);

export interface ExportFlags {
  readonly dir?: string;
  readonly as: ExportForm;
  readonly out?: string;
  /** True: the one that the environment names. */
  readonly endpoint?: string | true;
}

/** Prints runs in a form that other programs read, writes them to a file, or sends them. */
export async function exportCommand(names: readonly string[], flags: ExportFlags, io: Io): Promise<number> {
  const server = serverOf(flags, io);
  const runs = names.flatMap((name) => readRun(name, flags.dir, io));
  sayMissing(factsOf(runs), io);
  if (flags.out !== undefined) writeOut(flags.out, TEXTS[flags.as](runs), io);
  if (server === null) {
    if (flags.out === undefined) io.stdout.write(TEXTS[flags.as](runs));
    return EXIT.succeeded;
  }
  const messages = { traces: flags.as === "otlp" ? traces(runs) : [], metrics: metrics(runs) };
  const problem = await sendOtlp(messages, server);
  if (problem !== null) {
    sayError(`${problem}. Nothing else is affected; the same command sends it again.`, io);
    return EXIT.failed;
  }
  io.stderr.write(`Sent ${counted(runs.length, "run")} to ${server.endpoint}\n`);
  return EXIT.succeeded;
}

function serverOf({ as, endpoint }: ExportFlags, io: Io): ReturnType<typeof otlpServer> | null {
  if (endpoint === undefined) return null;
  if (as.startsWith("otlp")) return otlpServer(endpoint === true ? undefined : endpoint, io.env);
  const expected = "absent unless --as is otlp or otlp-metrics, as nothing else is sent";
  throw new SheafError("OPTION_INVALID", { option: "--endpoint", expected, got: endpoint });
}

function readRun(name: string, dir: string | undefined, io: Io): readonly Exported[] {
  const { id, folder, journal } = findRun(name, dir, io);
  const { events, torn } = readJournal(journal);
  if (torn) io.stderr.write(`The last line of the journal of ${id} was cut off and is left out.\n`);
  const facts = runFacts(events);
  return facts === null ? [] : [{ facts, declared: declaredIn(folder) }];
}

/** A table of calls does not show that some are missing. */
function sayMissing(runs: readonly RunFacts[], io: Io): void {
  const open = runs.flatMap(({ runId, openCalls }) =>
    openCalls > 0 ? [{ run: runId, calls: openCalls }] : [],
  );
  if (open.length > 0) io.stderr.write(`${openCallsText(open)}\n`);
  const attempts = runs.flatMap(({ unmetered }) => unmetered).reduce((sum, { count }) => sum + count, 0);
  if (attempts === 0) return;
  const whose = `${counted(attempts, "unmetered attempt")}: here are only those that ${attempts === 1 ? "it" : "they"}`;
  io.stderr.write(`Nobody counted the calls of ${whose} told of.\n`);
}

/** What the plan that is kept with a run declares. Of a run that a program has started none is kept. */
function declaredIn(folder: string): readonly Dependency[] {
  const kept = readKeptPlan(folder);
  if (kept === null) return [];
  const plan = readPlan({ name: kept.path ?? "-", folder: kept.cwd, text: kept.text });
  return "problems" in plan ? [] : declaredEdges((plan.contents.tasks ?? []) as readonly Task[]);
}

function writeOut(out: string, text: string, io: Io): void {
  try {
    writeFileSync(resolve(io.cwd, out), text);
  } catch (error) {
    const expected = `a file that can be written (${(error as Error).message})`;
    throw new SheafError("OPTION_INVALID", { option: "--out", expected, got: out });
  }
}
