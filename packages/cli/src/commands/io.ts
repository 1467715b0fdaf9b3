import type { OutputStream } from "../show/terminal-look.ts";

/** What a command has of the process around it. */
export interface Io {
  /** Results. */
  readonly stdout: OutputStream;
  /** Everything else. */
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where signals are told, and the end of the process. */
  readonly process: Pick<NodeJS.EventEmitter, "on" | "off">;
  /** Ends the process at once. */
  readonly quit: (exitCode: number) => void;
  /** Gives a process that is ending already its exit code. */
  readonly endWith: (exitCode: number) => void;
  /**
   * From now on, what other code in this process prints to stdout goes to stderr. Returns what prints a result all
   * the same.
   */
  readonly keepStdout: () => (text: string) => void;
}

/** What a command came to. 128 and the number of a signal when it was ended by one. */
export const EXIT = { succeeded: 0, failed: 1, badInput: 2, budgetExhausted: 3 } as const;
