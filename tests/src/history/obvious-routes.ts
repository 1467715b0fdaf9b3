// What routes have come to, by the obvious way: arrays of calls and attempts, filtered and summed.
import type { EventOf, RunEvent } from "@sheaf/core";
import { bookedCall, type RouteWindow } from "@sheaf/ledger";
import { toldAtStart } from "./obvious-history.ts";

type Events = readonly RunEvent[];

const DAY = 24 * 60 * 60 * 1_000;
const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

const IN_WINDOW: Readonly<Record<RouteWindow, (at: number, now: number) => boolean>> = {
  lifetime: () => true,
  "24h": (at, now) => at >= now - DAY,
  month: (at, now) => monthOf(at) >= monthOf(now),
};

const lastOf = <T extends "attempt.started" | "attempt.finished">(events: Events, type: T) => {
  const last = new Map<string, EventOf<T>>();
  for (const event of events) {
    if (event.type === type) last.set(`${event.taskId} ${event.attempt}`, event as unknown as EventOf<T>);
  }
  return last;
};

/** Calls, starts and failures of a run, each with its route. */
function happened(events: Events) {
  const starts = lastOf(events, "attempt.started");
  const routeOf = (one: { readonly taskId: string; readonly attempt: number }): string =>
    starts.get(`${one.taskId} ${one.attempt}`)?.route ?? "unknown";
  const calls = events.flatMap((event) => {
    const usage = bookedCall(event);
    if (usage === null) return [];
    return [{ at: event.at, usage, route: "attempt" in event ? routeOf(event) : "analysis" }];
  });
  const failures = [...lastOf(events, "attempt.finished").values()]
    .filter(({ status }) => status === "failed" || status === "lost")
    .map((event) => ({ at: event.at, route: routeOf(event) }));
  return { calls, starts: [...starts.values()], failures };
}

/** Returns the rows of a window at a time, by name. */
export function obviousRoutes(
  runs: readonly Events[],
  { now, window, routes }: { now: number; window: RouteWindow; routes: readonly string[] | null },
) {
  const isIn = ({ at }: { readonly at: number }): boolean => IN_WINDOW[window](at, now);
  const all = runs.map((events) => happened(toldAtStart(events)));
  const ever = all.flatMap((run) => [...run.calls, ...run.starts, ...run.failures]);
  const calls = all.flatMap((run) => run.calls).filter(isIn);
  const starts = all.flatMap((run) => run.starts).filter(isIn);
  const failures = all.flatMap((run) => run.failures).filter(isIn);
  const named = [...new Set(ever.map(({ route }) => route))];
  const names = routes ?? named.filter((name) => name !== "unknown" && name !== "analysis").sort();
  return [...names, "analysis", "unknown"].map((name) => {
    const isOf = ({ route }: { readonly route: string }): boolean =>
      route === name || (name === "unknown" && route !== "analysis" && !names.includes(route));
    const own = calls.filter(isOf).map(({ usage }) => usage);
    const sum = (field: "inputTokens" | "cacheWriteTokens" | "outputTokens"): number =>
      own.reduce((total, usage) => total + (usage[field] ?? 0), 0);
    const begun = starts.filter(isOf);
    const models = [...new Set(own.map(({ model }) => model))].sort();
    return {
      name,
      calls: own.length,
      picoUsd: String(own.reduce((total, { costUsd = 0 }) => total + Math.round(costUsd * 1e12), 0)),
      partial: own.some(({ costUsd }) => costUsd === undefined) || begun.some(({ unmetered }) => unmetered),
      inputTokens: sum("inputTokens"),
      cacheWriteTokens: sum("cacheWriteTokens"),
      outputTokens: sum("outputTokens"),
      attempts: begun.length,
      retries: begun.filter(({ cause }) => cause === "retry").length,
      conflicts: begun.filter(({ cause }) => cause === "conflict").length,
      failures: failures.filter(isOf).length,
      models: models.map((model) => [model, own.filter((usage) => usage.model === model).length]),
    };
  });
}
