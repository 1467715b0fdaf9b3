import {
  type CriticalPath,
  decodeData,
  type EventOf,
  nameSome,
  type RunEvent,
  type RunStatus,
  type SettledConflict,
  type TaskId,
  type WireError,
} from "@sheaf/core";
import { type CostSummary, isTelemetryFault, joinCostLines } from "@sheaf/ledger";
import { runBoundMs } from "../plan/run-bound.ts";
import type { LoopEnd } from "./loop-request.ts";
import { durationMs, measuredPath } from "./measured-path.ts";
import {
  type ChangedFiles,
  type Guarantee,
  type RunReport,
  type RunTiming,
  type TaskReport,
  unwrapTasks,
} from "./report.ts";
import { begunOnTrust } from "./trusted-tasks.ts";
import type { ChangedOutside, VerifiedDirectory } from "./verify-directory.ts";
import type { World } from "./world.ts";

/** Returns the status of a run from the outcomes of its tasks. */
export function runStatus(end: LoopEnd): RunStatus {
  const { state, fault } = end;
  if (fault !== null) return "failed";
  if (state.ending?.reason === "cancelled") return "cancelled";
  if (state.ending?.reason === "in-doubt") return "suspended";
  if (state.ending?.reason === "budget") return "budget-exhausted";
  const outcomes = state.tasks.map((task) => task.outcome);
  if (outcomes.every((outcome) => outcome === "succeeded")) return "succeeded";
  if (state.ending?.reason === "stopped") return "failed";
  return outcomes.includes("succeeded") ? "partial" : "failed";
}

interface Times {
  /** Attempts that were started, in earlier sessions as well. */
  readonly attempts: ReadonlyMap<string, number>;
  readonly started: ReadonlyMap<string, EventOf<"attempt.started">>;
  readonly finished: ReadonlyMap<string, EventOf<"attempt.finished">>;
  readonly conflicts: ReadonlyMap<string, number>;
  readonly because: ReadonlyMap<string, EventOf<"task.skipped"> | EventOf<"task.cancelled">>;
}

const attemptKey = (taskId: string, attempt: number): string => `${taskId} ${attempt}`;

function readTimes(events: readonly RunEvent[], before: readonly RunEvent[]): Times {
  const started = new Map<string, EventOf<"attempt.started">>();
  const finished = new Map<string, EventOf<"attempt.finished">>();
  const conflicts = new Map<string, number>();
  const because = new Map<string, EventOf<"task.skipped"> | EventOf<"task.cancelled">>();
  for (const event of events) {
    if (event.type === "attempt.started") started.set(attemptKey(event.taskId, event.attempt), event);
    if (event.type === "attempt.finished") finished.set(attemptKey(event.taskId, event.attempt), event);
    if (event.type === "task.conflicted") conflicts.set(event.taskId, (conflicts.get(event.taskId) ?? 0) + 1);
    if (event.type === "task.skipped" || event.type === "task.cancelled") because.set(event.taskId, event);
  }
  const attempts = new Map<string, number>();
  for (const event of [...before, ...events]) {
    if (event.type === "attempt.started") attempts.set(event.taskId, (attempts.get(event.taskId) ?? 0) + 1);
  }
  return { attempts, started, finished, conflicts, because };
}

function taskReport(
  world: World,
  end: LoopEnd,
  index: number,
  times: Times,
  startedAt: number,
): Omit<TaskReport, "isCritical"> {
  const { id } = world.tasks[index]!;
  const { outcome } = end.state.tasks[index]!;
  const record = end.records.get(index);
  const key = attemptKey(id, record?.attempt ?? 0);
  const started = times.started.get(key)?.at;
  const finished = times.finished.get(key)?.at;
  const bytes = world.outputs.bytes(index);
  const failed = outcome === "failed" || outcome === "in-doubt";
  return {
    id,
    outcome: outcome!,
    output: outcome === "succeeded" && bytes !== undefined ? decodeData(bytes) : undefined,
    failure: failed ? (record?.failure ?? null) : null,
    because: times.because.get(id)?.because ?? null,
    attempts: times.attempts.get(id) ?? 0,
    reused: record?.reused ?? false,
    conflicts: times.conflicts.get(id) ?? 0,
    resources: record?.resources ?? null,
    startedMs: started === undefined ? null : started - startedAt,
    endedMs: finished === undefined ? null : finished - startedAt,
  };
}

function timing(
  world: World,
  tasks: readonly TaskReport[],
  {
    wallMs,
    path,
    cost,
  }: { readonly wallMs: number; readonly path: CriticalPath; readonly cost: CostSummary },
): RunTiming {
  const durations = Float64Array.from(tasks, durationMs);
  const sumOfTasksMs = durations.reduce((sum, ms) => sum + ms, 0);
  const bound = runBoundMs(world.plan.graph, durations, world.bounds);
  return {
    wallMs,
    sumOfTasksMs,
    criticalPathMs: path.lengthMs,
    criticalPath: path.tasks,
    criticalPathCost: joinCostLines(path.tasks.flatMap((id) => cost.byTask[id] ?? [])),
    speedup: wallMs > 0 ? sumOfTasksMs / wallMs : 1,
    speedupBound: bound > 0 ? sumOfTasksMs / bound : 1,
  };
}

type Changes = Omit<VerifiedDirectory, "outside"> & { readonly outside: ChangedOutside };

/** Decides which guarantee a run reached. */
export function guaranteeOf(world: World, changes: Changes): Guarantee {
  const merges = mergesIn(world);
  const { level, reasons } = guaranteeWithoutMerges(world, changes);
  if (merges.length === 0) return { level, reasons };
  const merged = merges.map(
    ({ taskId, what, policy, with: writer }) =>
      `${policy} settled ${what} between ${writer ?? "what was there"} and ${taskId}`,
  );
  const named = merged.slice(0, MOST_NAMED);
  const more = merged.length > MOST_NAMED ? [`and ${merged.length - MOST_NAMED} more`] : [];
  const isSerial = level === "serial-equivalent";
  return { level: isSerial ? "merged" : level, reasons: [...(isSerial ? [] : reasons), ...named, ...more] };
}

/** Most merges that are named. */
const MOST_NAMED = 20;

/** Conflicts that policies have settled, of attempts that count. */
function mergesIn({ before, journal }: World): readonly (SettledConflict & { readonly taskId: TaskId })[] {
  const merges = new Map<TaskId, EventOf<"task.merged">["merges"]>();
  for (const event of [...before, ...journal.events()]) {
    if (event.type === "task.merged") merges.set(event.taskId, event.merges);
    else if (event.type === "run.resumed") for (const id of event.takenBack) merges.delete(id);
    // It failed after all, or is made anew.
    else if (["task.failed", "attempt.started", "task.reused"].includes(event.type) && "taskId" in event)
      merges.delete(event.taskId);
  }
  return [...merges].flatMap(([taskId, settled]) => settled.map((each) => ({ taskId, ...each })));
}

function guaranteeWithoutMerges(world: World, changes: Changes): Guarantee {
  const { outside, frozen, fault } = changes;
  if (fault !== null) {
    return { level: "void", reasons: [`the directory could not be checked at the end: ${fault.message}`] };
  }
  if (outside.paths.length + outside.readers.length + frozen.length > 0) {
    const reasons = [
      ...(outside.paths.length > 0
        ? [`the directory was changed from outside: ${nameSome(outside.paths)}`]
        : []),
      ...(outside.readers.length > 0
        ? [`committed tasks that stay had read something else: ${nameSome(outside.readers)}`]
        : []),
      ...(frozen.length > 0 ? [`frozen folders were written: ${nameSome(frozen)}`] : []),
    ];
    return { level: "void", reasons };
  }
  const trusted = begunOnTrust([...world.before, ...world.journal.events()]);
  if (trusted.length > 0) {
    const reason = `inferred edges were trusted for tasks that declare no reads: ${nameSome(trusted)}`;
    return { level: "trust-graph", reasons: [reason] };
  }
  const what = world.workdir === null ? "every output" : "every file and output";
  return { level: "serial-equivalent", reasons: [`${what} that a task read was checked in serial order`] };
}

// In serial order, so that the last change of a path is the one that counts.
function changedFiles(world: World, end: LoopEnd): ChangedFiles | null {
  if (world.workdir === null) return null;
  const last = new Map<string, "written" | "removed">();
  const merges = mergesIn(world).filter(({ policy }) => policy === "take:earlier");
  const leftOut = new Set(merges.map(({ taskId, what }) => `${taskId} ${what}`));
  for (const [i, { outcome }] of end.state.tasks.entries()) {
    if (outcome !== "succeeded") continue;
    for (const { op, path } of end.records.get(i)?.effects?.changes ?? []) {
      if (leftOut.has(`${world.tasks[i]!.id} ${path}`)) continue;
      if (op === "put" || op === "append") last.set(path, "written");
      if (op === "remove") last.set(path, "removed");
    }
  }
  const count = (what: string): number => [...last.values()].filter((each) => each === what).length;
  return { written: count("written"), removed: count("removed") };
}

/** Makes the report of a run that has ended. */
export function makeReport(
  world: World,
  end: LoopEnd,
  parts: Pick<RunReport, "guarantee" | "rootHash" | "runDir"> & {
    readonly startedAt: number;
    readonly wallMs: number;
  },
): RunReport {
  const times = readTimes(world.journal.events(), world.before);
  const bare = world.tasks.map((_, i) => taskReport(world, end, i, times, parts.startedAt));
  const path = measuredPath(world.plan.graph, bare, world.journal.events());
  const critical = new Set(path.tasks);
  const list = bare.map((task) => ({ ...task, isCritical: critical.has(task.id) }));
  // Without a prototype, so that ids like "constructor" are keys like any other.
  const tasks = Object.create(null) as Record<string, TaskReport>;
  for (const report of list) tasks[report.id] = report;
  const status = runStatus(end);
  const fault: WireError | null = end.fault;
  const cost = world.costs.summary();
  return {
    runId: world.runId,
    status,
    tasks,
    order: world.plan.order,
    edges: world.plan.graph.edges,
    timing: timing(world, list, { wallMs: parts.wallMs, path, cost }),
    cost,
    telemetryFaults: [...world.before, ...world.journal.events()].filter(isTelemetryFault).length,
    guarantee: parts.guarantee,
    workdir: world.workdir?.statistics() ?? null,
    files: changedFiles(world, end),
    rootHash: parts.rootHash,
    runDir: parts.runDir,
    fault,
    unwrap: () => unwrapTasks(tasks, status),
  };
}
