// Looks past a view, at the live directory itself: by a path that does not begin at the work directory, such as one
// relative to where the engine was started. What is there is what was committed at that moment, so such looks can be
// checked like others, but for what the view shows of attempts that were not committed when it was made.
import type { Observed } from "@sheaf/core";
import { observedValue } from "./tracking/observation.ts";
import type { OpenView } from "./view.ts";

/** Returns what was observed, with looks past the view as looks at the same place in it. */
export function withPast(observed: Observed | null): Observed | null {
  if (observed?.past === undefined) return observed;
  return { ...observed, observations: [...observed.observations, ...observed.past] };
}

/** Returns the paths at which the live directory told something else than the view would have. */
export async function seenOtherwise(
  { snapshot, committed }: Pick<OpenView, "snapshot" | "committed">,
  observed: Observed | null,
): Promise<readonly string[]> {
  const paths = new Set<string>();
  if (snapshot === committed) return [];
  for (const each of observed?.past ?? []) {
    if ((await observedValue(snapshot, each)) !== (await observedValue(committed, each)))
      paths.add(each.path);
  }
  return [...paths];
}
