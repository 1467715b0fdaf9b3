import type { AttemptCause } from "@sheaf/core";
import { addToSum, type CostLine, type CostSum, emptySum, toCostLine } from "../cost-line.ts";
import { BUILT_IN_ROUTES, UNKNOWN_ROUTE } from "./route-list.ts";

/** Why an attempt that is not the first one of its task was started. */
export type Escalation = Exclude<AttemptCause, "first">;

/** What one route has come to. */
export interface RouteLine extends CostLine {
  readonly name: string;
  /** The known part of the cost in whole pico-dollars (1e-12 USD), as text, as no number holds it exactly. */
  readonly picoUsd: string;
  /** Attempts that were started. */
  readonly attempts: number;
  /** Those of them that were not the first of their task in a session of the run, by their cause. */
  readonly escalations: Readonly<Record<Escalation, number>>;
  /** Attempts that ended in a failure, or with the loss of their worker. */
  readonly failures: number;
  /** Models that answered, by name. */
  readonly models: readonly { readonly name: string; readonly calls: number }[];
}

/** Every route with what it has come to from a time on. */
export interface RouteTable {
  /** The listed routes as listed, then others by name, then `analysis` and `unknown`. */
  readonly lines: readonly RouteLine[];
  readonly total: RouteLine;
}

/** Which rows a table has beside `analysis` and `unknown`. */
export interface RouteRows {
  /** These and no others, all else counts as unknown; null: those that ever occurred. */
  readonly routes: readonly string[] | null;
  /** Rows that are there in any case. @default none */
  readonly also?: readonly string[];
}

interface Row {
  readonly sum: CostSum;
  readonly models: Map<string, number>;
  attempts: number;
  failures: number;
  readonly escalations: Record<Escalation, number>;
}

const NONE: Readonly<Record<Escalation, number>> = { retry: 0, restart: 0, conflict: 0 };

const emptyRow = (): Row => ({
  ...{ sum: emptySum(), models: new Map(), attempts: 0, failures: 0, escalations: { ...NONE } },
});

const isEscalation = (cause: string | null): cause is Escalation =>
  cause !== null && Object.hasOwn(NONE, cause);

const isListed = (routes: readonly string[], route: string): boolean =>
  routes.includes(route) || BUILT_IN_ROUTES.includes(route);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Adds up what routes come to. */
export class RouteSums {
  readonly #isClosed: boolean;
  readonly #first: readonly string[];
  readonly #rows = new Map<string, Row>();
  readonly #total: Row = emptyRow();

  constructor({ routes, also = [] }: RouteRows) {
    this.#isClosed = routes !== null;
    this.#first = routes ?? also;
  }

  /** Takes note that there is such a route, whatever comes of it. */
  know(route: string): void {
    this.#rowOf(route);
  }

  addCalls(route: string, model: string, sum: Readonly<CostSum>): void {
    if (sum.calls === 0) return;
    for (const row of this.#rowsOf(route)) {
      addToSum(row.sum, sum);
      row.models.set(model, (row.models.get(model) ?? 0) + sum.calls);
    }
  }

  addAttempts(route: string, cause: string | null, count = 1): void {
    for (const row of this.#rowsOf(route)) {
      row.attempts += count;
      if (isEscalation(cause)) row.escalations[cause] += count;
    }
  }

  addUnmetered(route: string, count = 1): void {
    for (const row of this.#rowsOf(route)) row.sum.unmetered += count;
  }

  addFailures(route: string, count = 1): void {
    for (const row of this.#rowsOf(route)) row.failures += count;
  }

  table(): RouteTable {
    const isOwn = (name: string): boolean => !this.#first.includes(name) && !BUILT_IN_ROUTES.includes(name);
    const others = [...this.#rows.keys()].filter(isOwn).sort(compare);
    const names = [...this.#first, ...others, ...BUILT_IN_ROUTES];
    const lines = names.map((name) => toLine(name, this.#rowOf(name)));
    return { lines, total: toLine("total", this.#total) };
  }

  #rowsOf(route: string): readonly Row[] {
    return [this.#rowOf(route), this.#total];
  }

  #rowOf(route: string): Row {
    const name = this.#isClosed && !isListed(this.#first, route) ? UNKNOWN_ROUTE : route;
    let row = this.#rows.get(name);
    if (row === undefined) {
      row = emptyRow();
      this.#rows.set(name, row);
    }
    return row;
  }
}

function toLine(name: string, { sum, models, attempts, failures, escalations }: Row): RouteLine {
  return {
    ...{ name, ...toCostLine(sum), picoUsd: String(sum.pico), attempts, escalations: { ...escalations } },
    failures,
    models: [...models]
      .map(([model, calls]) => ({ name: model, calls }))
      .sort((a, b) => compare(a.name, b.name)),
  };
}
