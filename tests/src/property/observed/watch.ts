// Watches steps with the hook that workers preload, here in this thread: on only while a step is taken, as programs
// take turns. What it saw can be made poorer on purpose, to see that a proof notices.
import { lstatSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Observation, Observed } from "@sheaf/core";
import { fsHookFile, type TrackedReads, trackedObservations } from "@sheaf/workdir/tracking";
import type { Around } from "./take-step.ts";

/** What a watcher may be blind to. */
export const BLINDNESSES = ["absent", "listings", "appends", "stats", "links"] as const;
export type Blindness = (typeof BLINDNESSES)[number];

interface FsHook {
  start(root: string): void;
  stop(): TrackedReads;
}

createRequire(import.meta.url)(fsHookFile);
const hook = (globalThis as unknown as { readonly [key: symbol]: FsHook })[Symbol.for("sheaf.fs-hook")]!;

type Step = Parameters<Around>[0];

/** Something at which a step looked, and what there was before it. */
interface Look {
  readonly step: Step;
  readonly observation: Observation;
  readonly wasThere: boolean;
}

const APPENDING: ReadonlySet<string> = new Set(["append", "truncate"]);

const namedBy = (step: Step): readonly string[] => ("to" in step ? [step.path, step.to] : [step.path]);

/** What is left of a look for whoever is blind to something. */
const LEFT: { readonly [B in Blindness]: (look: Look) => Observation | null } = {
  absent: ({ observation, wasThere }) => (wasThere ? observation : null),
  listings: ({ observation }) => (observation.kind === "listing" ? null : observation),
  appends: ({ observation, step }) =>
    APPENDING.has(step.op) && (observation.kind === "content" || observation.kind === "appended")
      ? { ...observation, kind: "written" }
      : observation,
  stats: ({ observation }) => (observation.kind === "stat" ? null : observation),
  // Where a link leads is another path than the one that was named.
  links: ({ observation, step }) =>
    namedBy(step).some((path) => `${path}/`.startsWith(`${observation.path}/`)) ? observation : null,
};

/** How often something was looked at that proofs must reach. */
export interface Sights {
  readonly absent: number;
  readonly listings: number;
  readonly links: number;
}

/** What one attempt was seen to look at. */
export interface Watcher {
  readonly around: Around;
  observed(): Observed;
  sights(): Sights;
}

/** Watches one attempt in a folder. */
export function watch(root: string, blind: Blindness | null): Watcher {
  const seen = new Map<string, Observation>();
  let incomplete: string | null = null;
  const sights = { absent: 0, listings: 0, links: 0 };

  // One recorder that watches the whole attempt knows which folders it has made; here each step has its own.
  const isOfOwnFolder = ({ op }: Step, { kind, path }: Observation): boolean =>
    kind === "exists" && op !== "exists" && op !== "mkdir" && seen.has(`made ${path}`);

  const keep = (step: Step, found: Observed, wasThere: ReadonlyMap<string, boolean>): void => {
    incomplete ??= found.incomplete;
    for (const observation of found.observations) {
      if (isOfOwnFolder(step, observation)) continue;
      const look: Look = { step, observation, wasThere: wasThere.get(observation.path) ?? true };
      if (!look.wasThere) sights.absent += 1;
      if (observation.kind === "listing") sights.listings += 1;
      if (LEFT.links(look) === null) sights.links += 1;
      const left = blind === null ? observation : LEFT[blind](look);
      if (left !== null) seen.set(`${left.kind} ${left.path}`, left);
    }
  };

  return {
    around(step, act) {
      const named = new Map(namedBy(step).map((path) => [path, isThere(root, path)]));
      hook.start(root);
      const saw = act();
      keep(step, trackedObservations(hook.stop()), named);
      return saw;
    },
    observed: () => ({ observations: [...seen.values()], incomplete }),
    sights: () => sights,
  };
}

function isThere(root: string, path: string): boolean {
  try {
    return lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
