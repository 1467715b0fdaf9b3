import type { MountHost } from "./mount-host.ts";

type Enter = Pick<MountHost, "enter">;

/** Returns the command that runs `argv` inside the namespace with `cwd` as its working folder. */
export function commandInside(host: Enter, cwd: string, argv: readonly string[]): readonly string[] {
  return [...host.enter, "sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", cwd, ...argv];
}
