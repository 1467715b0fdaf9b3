// Looks past a view, at the live directory itself: by a path that does not begin at the work directory, such as one
// relative to where the engine was started. What is there is what was committed at that moment, so such looks can be
// checked like others, but where that is not what the view shows: a commit came meanwhile, or the view shows what was
// not committed when it was made.
import type { Observed } from "@sheaf/core";
import { touches } from "./relative-path.ts";
import { observedValue } from "./tracking/observation.ts";
import type { OpenView } from "./view.ts";

/** Returns what was observed, with looks past the view as looks at the same place in it. */
export function withPast(observed: Observed | null): Observed | null {
  if (observed?.past === undefined) return observed;
  return { ...observed, observations: [...observed.observations, ...observed.past] };
}

/**
 * Returns the paths at which the live directory may have told something else than the view would have.
 *
 * @param changed paths of commits since the view was made
 */
export async function seenOtherwise(
  { snapshot, committed }: Pick<OpenView, "snapshot" | "committed">,
  observed: Observed | null,
  changed: readonly string[],
): Promise<readonly string[]> {
  const paths = new Set<string>();
  for (const each of observed?.past ?? []) {
    const isOther = async (): Promise<boolean> =>
      (await observedValue(snapshot, each)) !== (await observedValue(committed, each));
    if (changed.some((path) => touches(path, each.path)) || (await isOther())) paths.add(each.path);
  }
  return [...paths];
}
