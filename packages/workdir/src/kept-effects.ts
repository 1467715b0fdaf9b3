// What an attempt read and wrote as plain data, to be used again when it would read the same.

import type { TaskChange } from "./change.ts";
import type { Effects } from "./effects.ts";
import { type KeptTaskChange, keepTaskChanges, NOWHERE, restoreTaskChanges } from "./kept-changes.ts";
import type { PolicyMap } from "./policies.ts";
import { type RecordedReads, readsHold, recordedReads } from "./reads.ts";
import { liesStill } from "./stage.ts";
import type { Tree } from "./tree.ts";

export interface KeptEffects {
  readonly reads: RecordedReads;
  /** Policies under which it was made, as text; absent without any. */
  readonly policies?: string;
  readonly changes: readonly KeptTaskChange[];
}

/** Returns effects as plain data. Hashes what was read. */
export async function keepEffects(
  { reads, snapshot, changes }: Effects,
  policies: PolicyMap,
): Promise<KeptEffects> {
  return keptEffects({ reads: await reads.record(snapshot), changes: keepTaskChanges(changes) }, policies);
}

/** Returns effects, made under these policies, that were kept otherwise. */
export function keptEffects(effects: Omit<KeptEffects, "policies">, policies: PolicyMap): KeptEffects {
  return { ...effects, ...(isUsual(policies) ? {} : { policies: textOf(policies) }) };
}

const textOf = (policies: PolicyMap): string => JSON.stringify(Object.entries(policies));
const isUsual = (policies: PolicyMap): boolean => Object.keys(policies).length === 0;

export interface RestoreRequest {
  readonly taskId: string;
  readonly snapshot: Tree;
  readonly policies: PolicyMap;
}

// A published file may be another name of the one in the layer, and somebody may have edited that in place.
function isWhole(change: TaskChange): boolean {
  if (change.op !== "put" && change.op !== "append") return true;
  const { entry } = change;
  return entry.kind === "link" || entry.content.path === NOWHERE || liesStill(entry.content);
}

/**
 * Returns what the attempt would do to this tree, or null when it would read something else there, when what it
 * wrote meant something else by the policies of that time, or when bytes that it wrote are gone or changed.
 */
export async function restoreEffects(
  kept: KeptEffects,
  { taskId, snapshot, policies }: RestoreRequest,
): Promise<Effects | null> {
  if (kept.policies !== (isUsual(policies) ? undefined : textOf(policies))) return null;
  const changes = restoreTaskChanges(kept.changes);
  if (!changes.every(isWhole) || !(await readsHold(snapshot, kept.reads))) return null;
  return {
    ...{ taskId, snapshot, reads: recordedReads(kept.reads), changes },
    ...{ undeclared: [], undeclaredReads: [], uncertain: [], heldBy: [] },
  };
}
