import { nameSome } from "./name-some.ts";

/**
 * Every error that Sheaf itself raises: one class, one table of codes.
 *
 * The same codes stand in docs/errors.md; a test compares both lists.
 */
interface ErrorDetails {
  AGENT_MODULE_FAILED: {
    /** Path of the module. */
    readonly module: string;
    /** Export that was asked for, where that is known. */
    readonly exportName?: string;
    readonly problem: string;
  };
  AGENT_NOT_PORTABLE: { readonly executor: string; readonly taskId?: string };
  AGENT_UNKNOWN: { readonly taskId: string; readonly agent: string; readonly known: readonly string[] };
  ATTEMPT_IDLE: { readonly taskId: string; readonly idleTimeoutMs: number };
  ATTEMPT_OUT_OF_MEMORY: {
    readonly taskId: string;
    readonly usedMiB: number | null;
    readonly limitMiB: number;
  };
  ATTEMPT_TIMED_OUT: { readonly taskId: string; readonly timeoutMs: number };
  BUDGETS_DAMAGED: { readonly path: string; readonly problem: string };
  CHANGED_OUTSIDE: { readonly dir: string; readonly paths: readonly string[] };
  COMMAND_FAILED: {
    readonly taskId: string;
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly stderrTail: string;
  };
  COMMIT_DAMAGED: { readonly path: string; readonly problem: string };
  CONTEXT_NO_DIR: { readonly taskId: string; readonly member: string };
  DIR_BUSY: { readonly dir: string; readonly holder: string };
  DIR_UNUSABLE: { readonly dir: string; readonly problem: string };
  DISK_FULL: { readonly dir: string; readonly freeMiB: number; readonly neededMiB: number };
  EDGE_SELF_LOOP: { readonly taskId: string };
  EDGE_UNKNOWN_TASK: { readonly taskId: string; readonly unknown: string; readonly known: readonly string[] };
  FORECAST_OVER: {
    /** Nine of ten such runs cost at most this. */
    readonly p90Usd: number;
    readonly maxUsd: number;
    /** Tasks of which not all costs are known. */
    readonly unknown: readonly string[];
  };
  GRAPH_CYCLE: { readonly cycle: readonly string[] };
  GRAPH_FORMAT: { readonly format: string; readonly problem: string };
  HISTORY_UNUSABLE: { readonly where: string; readonly problem: string };
  INPUT_MISSING: {
    readonly taskId: string;
    readonly from: string;
    readonly path: readonly string[];
    /** What the output is, without its values. */
    readonly output: string;
  };
  INPUT_NOT_READY: { readonly taskId: string; readonly from: string };
  JOURNAL_DAMAGED: { readonly path: string; readonly line: number; readonly problem: string };
  MODEL_ANSWER_REFUSED: {
    readonly problem: string;
    /** What came of an answer that did not come to its end; whole records in it can be used. */
    readonly text?: string;
  };
  MOUNT_BUSY: { readonly at: string; readonly holders: readonly string[] };
  MOUNT_FAILED: { readonly at: string; readonly problem: string; readonly errno: string | null };
  MOUNT_HOST_LOST: { readonly how: string };
  OPTION_INVALID: { readonly option: string; readonly expected: string; readonly got: unknown };
  OUTPUT_NOT_DATA: { readonly taskId: string; readonly problem: string };
  PLAN_INVALID: { readonly where: string; readonly expected: string; readonly got: string };
  RUN_EXISTS: { readonly runId: string; readonly path: string };
  RUN_ID_INVALID: { readonly runId: unknown; readonly problem: string };
  RUN_IN_DOUBT: {
    readonly taskId: string;
    readonly effects: readonly string[];
    /** They did happen, in an earlier session; it is in doubt whether they are to happen again. */
    readonly happened: boolean;
  };
  RUN_NOT_RESUMABLE: { readonly runId: string; readonly path: string; readonly problem: string };
  RUN_UNKNOWN: { readonly runId: string; readonly path: string; readonly known: readonly string[] };
  TASK_ID_DUPLICATE: { readonly taskId: string; readonly first: number; readonly second: number };
  TASK_ID_INVALID: { readonly taskId: unknown; readonly problem: string };
  TASK_FAILED: { readonly taskId: string; readonly kind: string; readonly message: string };
  TASKS_EMPTY: Record<string, never>;
  TASK_INVALID: {
    readonly taskId: string;
    readonly field: string;
    readonly expected: string;
    readonly got: unknown;
  };
  USAGE_INVALID: { readonly field: string; readonly expected: string; readonly got: unknown };
  WORKER_LOST: { readonly taskId: string; readonly how: string };
  WRITE_CLASH: {
    readonly taskId: string;
    readonly path: string;
    readonly found: string;
    readonly written: string;
  };
  WRITE_CONFLICT: {
    readonly taskId: string;
    readonly path: string;
    /** The earlier task that changed it, where one did. */
    readonly with: string | null;
  };
  WRITE_UNDECLARED: { readonly taskId: string; readonly paths: readonly string[] };
}

export type ErrorCode = keyof ErrorDetails;
export type ErrorDetailsOf<C extends ErrorCode> = ErrorDetails[C];

/** Shows a value in a message: strings quoted, everything cut to a readable length. */
export function show(value: unknown): string {
  const text = showAll(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function showAll(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return String(value); // JSON has no Infinity and no NaN
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return showType(value);
  }
}

// It holds itself, is nested too deeply, or its own toJSON or toString throws.
function showType(value: unknown): string {
  return Array.isArray(value) ? "a list that cannot be shown" : "an object that cannot be shown";
}

const list = (items: readonly string[]): string => nameSome(items, 8);

/** Dollars to the cent, and never less than they are; less than a dollar as it is. */
const roundedUp = (usd: number): string =>
  usd < 1 ? String(usd) : (Math.ceil(Number((100 * usd).toFixed(6))) / 100).toFixed(2);

/** What is said of a thing that the sentence has named already. */
const sayIt = (text: string, name: string): string =>
  text.startsWith(`${name} `) ? `it${text.slice(name.length)}` : text;

const MESSAGES: { readonly [C in ErrorCode]: (d: ErrorDetails[C]) => string } = {
  AGENT_MODULE_FAILED: (d) => `The agent module ${d.module} cannot be used: ${d.problem}`,
  AGENT_NOT_PORTABLE: (d) =>
    `${d.taskId === undefined ? "The agent" : `The agent of task "${d.taskId}"`} is a plain function, which cannot leave this thread, but the "${d.executor}" executor was asked for. Wrap it in defineAgent({ name, run }, import.meta.url) in a module of its own, or use executor: "inline".`,
  AGENT_UNKNOWN: (d) =>
    `Task "${d.taskId}" asks for the agent "${d.agent}", which nobody named. ${d.known.length === 0 ? "No agents are named; add it under `agents`." : `Known agents: ${list(d.known)}.`}`,
  ATTEMPT_IDLE: (d) =>
    `Task "${d.taskId}" showed no sign of life for ${d.idleTimeoutMs} ms. Call ctx.heartbeat() or ctx.progress() while it works, or raise idleTimeoutMs.`,
  ATTEMPT_OUT_OF_MEMORY: (d) =>
    `Task "${d.taskId}" needed more memory than it may have (${d.usedMiB === null ? "use unknown" : `used ${d.usedMiB} MiB`}, limit ${d.limitMiB} MiB). Raise maxMemoryMb (SHEAF_MAX_MEMORY_MB) or split the task.`,
  ATTEMPT_TIMED_OUT: (d) =>
    `Task "${d.taskId}" ran longer than ${d.timeoutMs} ms. Raise its timeoutMs (or SHEAF_TASK_TIMEOUT) or split the task.`,
  BUDGETS_DAMAGED: (d) =>
    `The budgets in ${d.path} cannot be used: ${d.problem}. Mend the file, or remove it and set them anew (sheaf budget set).`,
  CHANGED_OUTSIDE: (d) =>
    `${d.dir} was changed by somebody else while the run was using it: ${list(d.paths)}. What Sheaf would have overwritten is kept with the run; run again on a quiet directory.`,
  COMMAND_FAILED: (d) =>
    `The command of task "${d.taskId}" ${d.signal === null ? `ended with exit code ${d.exitCode}` : `was ended by ${d.signal}`}.${d.stderrTail === "" ? "" : ` It said: ${d.stderrTail}`}`,
  COMMIT_DAMAGED: (d) =>
    `The record of a commit, ${d.path}, cannot be used: ${d.problem}. Put back an undamaged copy, or start anew with another run id; the directory is left as it is.`,
  CONTEXT_NO_DIR: (d) =>
    `Task "${d.taskId}" used ctx.${d.member}, but this run has no directory. Give the run a \`dir\`.`,
  DIR_BUSY: (d) =>
    `${d.dir} is in use by another run (${d.holder}). One run at a time may hold a directory, the folders above and below it included. Wait for it to end.`,
  DIR_UNUSABLE: (d) => `The directory ${d.dir} cannot be used: ${sayIt(d.problem, d.dir)}.`,
  DISK_FULL: (d) =>
    `The disk that holds ${d.dir} has ${d.freeMiB} MiB free and ${d.neededMiB} MiB are needed. Free some space, or lower minFreeDiskMb.`,
  EDGE_SELF_LOOP: (d) => `Task "${d.taskId}" depends on itself. Remove that edge.`,
  EDGE_UNKNOWN_TASK: (d) =>
    `Task "${d.taskId}" depends on "${d.unknown}", and there is no such task. Known tasks: ${list(d.known)}.`,
  FORECAST_OVER: (d) =>
    `The forecast of what the run costs (p90: $${roundedUp(d.p90Usd)}${d.unknown.length === 0 ? "" : `, without what is unknown of ${list(d.unknown)}`}) is over the $${d.maxUsd} that --max-usd allows, so nothing was started. Allow more, or give the tasks less to do; \`sheaf plan --cost\` shows what each is expected to cost.`,
  GRAPH_CYCLE: (d) =>
    `Tasks wait for each other: ${[...d.cycle, d.cycle[0]].join(" -> ")}. Remove one of these edges.`,
  GRAPH_FORMAT: (d) => `This is not a graph in ${d.format} form: ${d.problem}`,
  HISTORY_UNUSABLE: (d) =>
    `The history of costs in ${d.where} cannot be used: ${sayIt(d.problem, d.where)}. The journals of the runs are untouched; mend that and ask again.`,
  INPUT_MISSING: (d) =>
    `Task "${d.taskId}" takes \${${[d.from, "output", ...d.path].join(".")}}, and there is no such value: the output of "${d.from}" is ${d.output}. Correct the reference, or what "${d.from}" returns.`,
  INPUT_NOT_READY: (d) =>
    `Task "${d.taskId}" took the output of "${d.from}" before that task had finished. Sheaf runs it again in its place; declare dependsOn: ["${d.from}"] to spare that.`,
  JOURNAL_DAMAGED: (d) =>
    `The journal ${d.path} is damaged in line ${d.line}: ${d.problem}. Put back an undamaged copy, or start the run anew; what stands before that line is intact.`,
  MODEL_ANSWER_REFUSED: (d) => `The model's answer about dependencies cannot be used: ${d.problem}`,
  MOUNT_BUSY: (d) =>
    `The view at ${d.at} is still in use: ${d.holders.length === 0 ? "by whom is not known" : list(d.holders)}. End what the task has left running.`,
  MOUNT_FAILED: (d) =>
    `The view at ${d.at} cannot be mounted, read or unmounted: ${d.problem}. Mend that, or have views filled by copies.`,
  MOUNT_HOST_LOST: (d) =>
    `The mount host is gone, and all views with it: ${d.how}. Go on with the run (the same run id), or have views filled by copies.`,
  OPTION_INVALID: (d) => `Expected \`${d.option}\` to be ${d.expected}, got ${show(d.got)}.`,
  OUTPUT_NOT_DATA: (d) =>
    `Task "${d.taskId}" returned something that is not plain data (${d.problem}). Return what structuredClone can copy: no functions, no promises, no class instances with methods.`,
  PLAN_INVALID: (d) => `${d.where}: expected ${d.expected}, got ${d.got}.`,
  RUN_EXISTS: (d) => `There already is a run "${d.runId}" (${d.path}). Choose another run id.`,
  RUN_ID_INVALID: (d) => `The run id ${show(d.runId)} cannot be used: ${d.problem}.`,
  RUN_IN_DOUBT: ({ taskId, effects, happened }) =>
    happened
      ? `Task "${taskId}" has had its effects outside (${list(effects)}) in an earlier session, and what it reads or is asked to do is different now. It is not started again by itself. Go on with the run: --again ${taskId} (inDoubt: "again" in code) starts it again, effects and all, --done ${taskId} ("done") leaves it at what it did then, with the output and files that were kept of it.`
      : `Task "${taskId}" has effects outside (${list(effects)}) and was cut off in the middle of it. Whether they happened is not known, so it is not started again. Find out, then go on with the run: --again ${taskId} (inDoubt: "again" in code) starts the task again, --done ${taskId} ("done") takes it as done, with no output and no files.`,
  RUN_NOT_RESUMABLE: (d) =>
    `There already is a run "${d.runId}" (${d.path}), and it cannot be gone on with: ${d.problem}. To start anew, choose another run id.`,
  RUN_UNKNOWN: (d) =>
    `There is no run "${d.runId}" under ${d.path}. ${d.known.length === 0 ? "No runs are kept there; give the directory with --dir." : `Known runs: ${list(d.known)}.`}`,
  TASK_FAILED: (d) => `Task "${d.taskId}" failed (${d.kind}): ${d.message}`,
  TASK_ID_DUPLICATE: (d) =>
    `Two tasks are called "${d.taskId}" (number ${d.first} and number ${d.second} in the list). Rename one.`,
  TASK_ID_INVALID: (d) => `The task id ${show(d.taskId)} cannot be used: ${d.problem}.`,
  TASK_INVALID: (d) =>
    `Task ${show(d.taskId)}: expected ${d.field === "the task" ? "it" : `\`${d.field}\``} to be ${d.expected}, got ${show(d.got)}.`,
  TASKS_EMPTY: () => "There are no tasks. Give a list with at least one.",
  USAGE_INVALID: (d) => `Expected usage \`${d.field}\` to be ${d.expected}, got ${show(d.got)}.`,
  WORKER_LOST: (d) => `The worker that ran task "${d.taskId}" is gone: ${d.how}.`,
  WRITE_CLASH: (d) =>
    `Task "${d.taskId}" wrote ${d.path} as ${d.written}, where there is ${d.found} that it had not declared. Add the path to its \`reads\` or \`writes\`.`,
  WRITE_CONFLICT: (d) =>
    `Task "${d.taskId}" wrote ${d.path}, which ${d.with === null ? "has changed" : `"${d.with}" has changed`} since it was shown, and the policy there is "fail". Let the task wait for that by \`dependsOn\`, or choose another policy.`,
  WRITE_UNDECLARED: (d) =>
    `Task "${d.taskId}" changed what it may not: ${list(d.paths)}. Add these paths to its \`writes\`, or stop writing them.`,
};

/** Every code that exists, in alphabetical order. */
export const ERROR_CODES: readonly ErrorCode[] = (Object.keys(MESSAGES) as ErrorCode[]).sort();

/**
 * An error of Sheaf's own. `code` says which, `details` carry the figures, `message` says what to do.
 *
 * @example new SheafError("GRAPH_CYCLE", { cycle: ["a", "b"] }).message // "Tasks wait for each other: a -> b -> a. Remove one of these edges."
 */
export class SheafError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "SheafError";
  readonly code: C;
  readonly details: ErrorDetails[C];

  constructor(code: C, details: ErrorDetails[C], options?: ErrorOptions) {
    super(MESSAGES[code](details), options);
    this.code = code;
    this.details = details;
  }
}

/** Tells whether `error` is a SheafError with this code. */
export function isSheafError<C extends ErrorCode>(error: unknown, code: C): error is SheafError<C> {
  return error instanceof SheafError && error.code === code;
}
