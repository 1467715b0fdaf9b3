import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { MountHost } from "./mount-host.ts";
import type { OverlayVerdict } from "./probe-verdict.ts";

const run = promisify(execFile);

const TOO_OLD: OverlayVerdict & { readonly ok: false } = {
  ok: false,
  why: "`unshare` is too old to give commands the number of their user",
  remedy: "install util-linux 2.38 or newer",
};

/**
 * Returns what makes a command that has entered the namespace who it is outside, or why that cannot be had.
 *
 * An ordinary user would be root in the namespace, and no file mode would stop him; in one more user namespace he is
 * himself again.
 */
export async function asSelf({
  enter,
}: Pick<MountHost, "enter">): Promise<readonly string[] | (OverlayVerdict & { readonly ok: false })> {
  const user = process.geteuid?.();
  if (user === 0) return [];
  const own = ["unshare", "--user", `--map-user=${user}`, `--map-group=${process.getegid?.()}`, "--"];
  const [program, ...args] = [...enter, ...own];
  try {
    await run(program!, [...args, "true"]);
    return own;
  } catch {
    return TOO_OLD;
  }
}
