import { spawn } from "node:child_process";
import type { Io } from "./io.ts";

/** Returns the command of the user's editor, or null when none is named. */
export function editorOf({ env }: Io): string | null {
  const named = [env.VISUAL, env.EDITOR].find((command) => command !== undefined && command.trim() !== "");
  return named ?? null;
}

/**
 * Opens a file in an editor, which has the terminal until it ends. Returns null, or what went wrong: `ended with exit
 * code 1`.
 *
 * @param editor a shell command, arguments included
 */
export async function openEditor(editor: string, file: string, io: Io): Promise<string | null> {
  // Ctrl-C is for the editor; it reaches this process as well.
  const ignore = (): void => {};
  io.process.on("SIGINT", ignore);
  try {
    return await new Promise((resolve) => {
      const child = spawn("/bin/sh", ["-c", `${editor} "$@"`, "sh", file], {
        ...{ cwd: io.cwd, env: { ...io.env } },
        // Where the plan goes to a file or a pipe, the editor's screen must not.
        stdio: ["inherit", io.stdout.isTTY === true ? "inherit" : 2, "inherit"],
      });
      child.on("error", (error) => resolve(`could not be started (${error.message})`));
      child.on("close", (code, signal) => {
        if (code === 0) resolve(null);
        else resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
      });
    });
  } finally {
    io.process.off("SIGINT", ignore);
  }
}
