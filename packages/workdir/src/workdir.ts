import type { Observed } from "@sheaf/core";
import type { Clash } from "./change.ts";
import type { Sync } from "./disk-sync.ts";
import type { Effects } from "./effects.ts";
import type { KeptEffects } from "./kept-effects.ts";
import type { Meanwhile, Standing } from "./meanwhile.ts";
import type { Policy, PolicyMap } from "./policies.ts";
import type { Published } from "./publish.ts";
import type { View } from "./view.ts";

/**
 * How views are made: by copies alone, by hard links to private copies where that is safe, or by one mount where
 * everything is shown.
 */
export type StagingRung = "copy" | "hardlink" | "overlay";

export interface WorkdirOptions {
  /** Absolute path of the shared directory. */
  readonly dir: string;
  /** Absolute path of the run's own folder; made when it is not there. */
  readonly runDir: string;
  readonly runId: string;
  /** Globs of folders that are shared read-only and not copied. */
  readonly frozen: readonly string[];
  /** What tasks may be shown: frozen at once, so that nobody's later changes reach them. */
  readonly shown: readonly string[] | "everything";
  /** Declared writes of all tasks: a folder that one of them writes is not frozen. */
  readonly declaredWrites: readonly string[];
  /** What happens at some paths beside the usual, by glob; the first that matches counts. */
  readonly policies?: PolicyMap;
  /**
   * Default: overlay where something is shown everything and overlays work; else hardlink for an ordinary user, copy
   * for root, whom file modes do not stop.
   */
  readonly rung?: StagingRung;
  /** Puts on the disk what a commit must find there after a loss of power. @default leave that to the system */
  readonly sync?: Sync;
  readonly signal?: AbortSignal;
}

export interface StageRequest {
  readonly taskId: string;
  /** Folder name of the task, unique in the run. */
  readonly folder: string;
  readonly attempt: number;
  /** Globs that the attempt is shown, or everything. */
  readonly shown: readonly string[] | "everything";
  /** Those of them that it declares to read; the others are shown as it may write there. @default shown */
  readonly reads?: readonly string[] | "everything";
  /** Globs that it may write, or null for anything. */
  readonly writes: readonly string[] | null;
  /** Effects of earlier tasks that have finished and are not committed yet, in serial order. */
  readonly below: readonly Effects[];
  /** False: never hard links, whatever the rung. */
  readonly mayLink: boolean;
  /** What works in the view is started by the prefix `enter` of the work directory, so that the view may be a mount. */
  readonly enters: boolean;
  /** Each process that works in the view is started for this attempt, by the prefix of its room if it has one. */
  readonly alone?: boolean;
  /** A name for the view that no earlier attempt of the task has used; else the task's usual one. */
  readonly fresh: boolean;
  readonly signal?: AbortSignal;
}

export interface ReuseRequest {
  readonly taskId: string;
  /** Effects of earlier tasks that have finished and are not committed yet, in serial order. */
  readonly below: readonly Effects[];
}

/** How an attempt ended, for what it left in its view. */
export interface SealEnd {
  readonly succeeded: boolean;
  /** Nothing of the attempt can write any more. */
  readonly quiet: boolean;
  /** What it was observed to look at; null where nobody watched. */
  readonly observed: Observed | null;
}

export interface PathConflict {
  readonly path: string;
  /** Last task that committed a change there. */
  readonly with: string | null;
}

/** A policy that has settled a conflict at a path that the task changed. */
export interface Merge extends PathConflict {
  readonly policy: Policy;
}

/** What comes of effects in their turn. */
export interface Validation {
  /** Where what was seen differs from what is committed, and no policy settles that. Empty: they may be committed. */
  readonly conflicts: readonly PathConflict[];
  /** Conflicts that a policy has settled other than by running again. */
  readonly merges: readonly Merge[];
  /** Conflicts at which the user wants the task to fail. */
  readonly forbidden: readonly PathConflict[];
  /** What is to be committed: the effects, with what was merged. */
  readonly effects: Effects;
}

export type Committed = { readonly status: "committed" } & Published;
export type CommitResult = Committed | ({ readonly status: "refused" } & Clash);

export interface WorkdirStatistics {
  readonly rung: StagingRung;
  readonly baseFiles: number;
  readonly stagedFiles: number;
  readonly publishedFiles: number;
  readonly publishedBytes: number;
  readonly deletedFiles: number;
}

/** Globs frozen unless told otherwise. */
export const DEFAULT_FROZEN: readonly string[] = ["**/node_modules"];

export interface Workdir {
  readonly dir: string;
  readonly rung: StagingRung;
  readonly why: string;
  /** What is put before the command line of whatever works in views; nothing where no view is a mount. */
  readonly enter: readonly string[];
  /** Changes that a killed run had left half published and that were finished now. */
  readonly recovered: number;
  stage(request: StageRequest): Promise<View>;
  /** Ends a view: finds out what it read and wrote, and takes what it wrote. A failed attempt writes nothing. */
  seal(view: View, end: SealEnd): Promise<Effects>;
  /** Compares what was seen with what is committed. */
  validate(effects: Effects): Promise<Validation>;
  /** Tells whether a policy may settle a conflict at this path, so that the task need not run again for it. */
  mayBeSettled(path: string): boolean;
  /**
   * Makes valid effects part of the committed state and of the live directory, or says what is in their way.
   *
   * @param alongside paths of what else must be on the disk before the commit is
   */
  commit(effects: Effects, alongside?: readonly string[]): Promise<CommitResult>;
  /** Returns effects as plain data that outlives the run. Hashes what was read. */
  keep(effects: Effects): Promise<KeptEffects>;
  /** Returns kept effects as those of an attempt that starts now, or null when it would read something else. */
  reuse(kept: KeptEffects, request: ReuseRequest): Promise<Effects | null>;
  /** Tasks whose changes this run has committed, earlier sessions of it included, in order. */
  committed(): readonly string[];
  /**
   * Returns what has changed in the directory since the run's last opening, as far as it matters to what is committed.
   *
   * @param standing the committed tasks that are not run again, in serial order
   */
  meanwhile(standing: readonly Standing[]): Promise<Meanwhile>;
  /** Takes back all commits but the first so many, from the committed tree and from the live directory. */
  rewind(keep: number): Promise<void>;
  /** Removes a view. */
  discard(view: View): Promise<void>;
  /** Paths of the live directory that are not as the run left them, and frozen files changed since it began. */
  verify(): Promise<{ readonly outside: readonly string[]; readonly frozen: readonly string[] }>;
  /**
   * Hash of the whole committed tree, see RootHashes; the same for the same directory on every rung. Reads every file
   * whose hash is not known yet.
   *
   * @throws SheafError CHANGED_OUTSIDE when a file was edited in place by somebody else.
   */
  rootHash(): Promise<string>;
  statistics(): WorkdirStatistics;
  /** Gives the directory back. `keep` leaves layers and base for a later resume. */
  close(options: { readonly keep: boolean }): Promise<void>;
}
