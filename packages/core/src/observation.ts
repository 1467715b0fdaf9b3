/**
 * How much of a path was looked at.
 *
 * - `content`: mode and bytes of a file, the target of a link, the mode of a folder
 * - `stat`: kind, mode and size
 * - `exists`: whether something is there, and its kind
 * - `listing`: names and kinds in a folder, and its mode
 * - `tree`: everything below a folder
 * - `written`: whether a file can be put there
 * - `appended`: the same, and what is there already is kept
 * - `made`: whether a folder is or can be there
 */
export type ObservationKind =
  | "content"
  | "stat"
  | "exists"
  | "listing"
  | "tree"
  | "written"
  | "appended"
  | "made";

/** One look at one path below the shared directory. A path at which there was nothing counts as much as any other. */
export interface Observation {
  /** Relative, with `/`; empty for the directory itself. */
  readonly path: string;
  readonly kind: ObservationKind;
}

/** What a tracker saw of an attempt. */
export interface Observed {
  readonly observations: readonly Observation[];
  /** Looks at the live directory itself, past the view. @default [] */
  readonly past?: readonly Observation[];
  /** Null when this is all there was to see; else why some of it may be missing. */
  readonly incomplete: string | null;
}
