import type { MountHost } from "./mount-host.ts";

type Enter = Pick<MountHost, "enter">;

/** Returns the command that runs `argv` inside the namespace with `cwd` as its working folder. */
export function commandInside(host: Enter, cwd: string, argv: readonly string[]): readonly string[] {
  return [...host.enter, "sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", cwd, ...argv];
}

const BIND = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"';

/**
 * Returns the command that runs `argv` where `view` is seen in the place of `dir`, its working folder: in a namespace
 * of the command's own, so that any number of tasks see their views at one path at once. `dir` must exist outside too.
 *
 * All of `dir` is covered, so nothing else below it can be reached, `dir/.sheaf` among it.
 */
export function canonicalCommand(
  host: Enter,
  view: string,
  dir: string,
  argv: readonly string[],
): readonly string[] {
  const own = ["unshare", "-m", "--propagation", "private"];
  return [...host.enter, ...own, "sh", "-c", BIND, "sh", view, dir, ...argv];
}
