import type { TaskChange } from "./change.ts";
import type { Policies } from "./policies.ts";

/** Returns the changes without those that stay the task's own, and without folders that were only made for them. */
export function withoutTemp<C extends TaskChange>(changes: readonly C[], policies: Policies): readonly C[] {
  const rest = changes.filter(({ path }) => policies.of(path) !== "temp");
  if (rest.length === changes.length) return changes;
  const isNeeded = (folder: string): boolean =>
    rest.some(
      ({ op, path }) => path.startsWith(`${folder}/`) && (op !== "mkdir" || !policies.leadsTo("temp", path)),
    );
  return rest.filter(({ op, path }) => op !== "mkdir" || !policies.leadsTo("temp", path) || isNeeded(path));
}
