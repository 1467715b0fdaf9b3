import { join } from "node:path";
import type { Base } from "../base.ts";
import { unusable } from "../scan.ts";
import type { WorkdirOptions } from "../workdir.ts";
import { FrozenLayers } from "./frozen-places.ts";
import { Layers } from "./layers.ts";
import { openMountHost } from "./mount-host.ts";
import { MountedViews } from "./mounted-views.ts";
import { asSelf } from "./own-identity.ts";
import { openOwnPath } from "./own-path.ts";
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

type Refusal = OverlayVerdict & { readonly ok: false };

function foreignFile({ foreign }: Base): Refusal | null {
  if (foreign === null) return null;
  const why = `${foreign} belongs to another user or group, so a task could not change it in an overlay`;
  return { ok: false, why, remedy: "chown it" };
}

async function open(
  { dir, runDir, signal }: WorkdirOptions,
  { tree }: Base,
  session: string,
): Promise<MountedViews | Refusal> {
  const host = await openMountHost(signal === undefined ? {} : { signal });
  const self = await asSelf(host);
  if ("ok" in self) {
    await host.close();
    return self;
  }
  const home = join(runDir, LOWER_FOLDER, session);
  const layers = new Layers(home, { tree, folder: join(runDir, "base", session) });
  const ownPath = await openOwnPath(host, dir, self);
  return new MountedViews({ dir, host, layers, frozen: new FrozenLayers(home, tree), self, ownPath });
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
  const { dir, rung, shown, runDir } = options;
  const shows = shown === "everything";
  if (rung === undefined ? !shows : rung !== "overlay") return NOT_ASKED;
  let verdict = foreignFile(base) ?? (await probeOverlay(runDir));
  if (verdict.ok && shows) {
    const views = await open(options, base, session);
    if (views instanceof MountedViews) return { verdict, views };
    verdict = views;
  }
  if (!verdict.ok && rung === "overlay") {
    throw unusable(dir, `views cannot be overlays: ${verdict.why}; ${verdict.remedy}`);
  }
  return { verdict, views: null };
}
