import { trackShim } from "@sheaf/workdir";
import type { RunRequest } from "./run-request.ts";

export interface TrackedRequest {
  readonly request: RunRequest;
  /** Why commands are not watched although that was asked for; null where they are, or need not be. */
  readonly missing: string | null;
}

/** Commands are watched by a library that not every machine can make. */
export async function withTracker(request: RunRequest): Promise<TrackedRequest> {
  const { settings, works, dir } = request;
  const wanted = settings.trackSubprocesses && dir !== null;
  if (!wanted || !works.some(({ work }) => work.kind === "command")) return { request, missing: null };
  const shim = await trackShim();
  if ("library" in shim) return { request: { ...request, shim: shim.library }, missing: null };
  return { request, missing: shim.missing };
}
