import type { Base } from "./base.ts";
import type { Live } from "./live-files.ts";
import type { DirLock } from "./lock.ts";
import type { OverlayChoice } from "./overlay/open-views.ts";
import type { Visible } from "./visible.ts";
import type { WorkdirOptions } from "./workdir.ts";

/** What openWorkdir has made ready. */
export interface Prepared {
  readonly options: WorkdirOptions;
  readonly lock: DirLock;
  readonly live: Live;
  readonly frozen: Visible;
  readonly base: Base;
  readonly recovered: number;
  /** Name of this opening's folders below `base`, `layers`, `lower`, `links` and `trash`. */
  readonly session: string;
  readonly overlay: OverlayChoice;
  /** Time of the file system before the base was frozen, in ns since 1970; it may run behind the machine's. */
  readonly startNs: bigint;
}
