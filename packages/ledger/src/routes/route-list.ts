import { ANALYSIS } from "../cost-summary.ts";

/** Where a task stands that names no route, or one that is not in the list. */
export const UNKNOWN_ROUTE = "unknown";

/** Routes that are there in any case. */
export const BUILT_IN_ROUTES: readonly string[] = [ANALYSIS.route, UNKNOWN_ROUTE];

/** What a list of routes must be, in words that follow "Expected `routes` to be". */
export const ROUTES_EXPECTED: string = `names of routes, each once and at most 100 characters long (in the environment: draft,review); ${BUILT_IN_ROUTES.join(" and ")} are there anyway`;

const MOST_CHARACTERS = 100;

function isRouteName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value === value.trim() &&
    value.length <= MOST_CHARACTERS &&
    !/\p{Cc}/u.test(value) &&
    !BUILT_IN_ROUTES.includes(value)
  );
}

/** Tells whether a value is a list of routes. */
export function isRouteList(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(isRouteName) &&
    new Set(value).size === value.length
  );
}

/** Returns the rows of a report with this list, in order. */
export function listedRows(routes: readonly string[]): readonly string[] {
  return [...routes, ...BUILT_IN_ROUTES];
}
