import { join } from "node:path";
import type { Base } from "../base.ts";
import { unusable } from "../scan.ts";
import type { WorkdirOptions } from "../workdir.ts";
import { Layers } from "./layers.ts";
import { openMountHost } from "./mount-host.ts";
import { MountedViews } from "./mounted-views.ts";
import { probeOverlay } from "./probe-overlay.ts";
import type { OverlayVerdict } from "./probe-verdict.ts";

/** Folder of a run in which layers are made. */
export const LOWER_FOLDER = "lower";

/** How views of an opening are overlays, and why, or why not. */
export interface OverlayChoice {
  readonly verdict: OverlayVerdict | null;
  /** Null where no task is shown everything: then there is nothing to mount. */
  readonly views: MountedViews | null;
}

const NOT_ASKED: OverlayChoice = { verdict: null, views: null };

async function judge({ runDir }: WorkdirOptions, { foreign }: Base): Promise<OverlayVerdict> {
  if (foreign === null) return probeOverlay(runDir);
  const why = `${foreign} belongs to another user or group, so a task could not change it in an overlay`;
  return { ok: false, why, remedy: "chown it" };
}

/**
 * Decides whether views are overlays, and opens what mounts them.
 *
 * @throws SheafError DIR_UNUSABLE when overlays were asked for by name and cannot be.
 */
export async function openViews(
  options: WorkdirOptions,
  base: Base,
  session: string,
): Promise<OverlayChoice> {
  const { rung, shown, runDir, signal } = options;
  const shows = shown === "everything";
  if (rung === undefined ? !shows : rung !== "overlay") return NOT_ASKED;
  const verdict = await judge(options, base);
  if (!verdict.ok && rung === "overlay") {
    throw unusable(options.dir, `views cannot be overlays: ${verdict.why}; ${verdict.remedy}`);
  }
  if (!verdict.ok || !shows) return { verdict, views: null };
  const host = await openMountHost(signal === undefined ? {} : { signal });
  const { tree } = base;
  const layers = new Layers(join(runDir, LOWER_FOLDER, session), {
    tree,
    folder: join(runDir, "base", session),
  });
  return { verdict, views: new MountedViews(host, layers) };
}
