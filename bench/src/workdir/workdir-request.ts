import type { StagingRung } from "@sheaf/workdir";

/** One contest about directories. */
export interface WorkdirRequest {
  /** An empty folder to work in. */
  readonly folder: string;
  readonly rung: StagingRung;
  /** Files of the sample tree. */
  readonly files: number;
  /** User to become, or null to stay who one is. */
  readonly user: number | null;
  readonly rounds: number;
  readonly seed: number;
}
