/** A stream that may be a terminal. */
export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** What a stream can show. */
export interface TerminalLook {
  readonly color: boolean;
  /** Lines can be painted over. */
  readonly repaints: boolean;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "";
const isOn = (value: string | undefined): boolean => isSet(value) && value !== "0" && value !== "false";

/**
 * Decides what a stream can show. NO_COLOR wins over FORCE_COLOR; CI and a dumb terminal get plain lines.
 *
 * Source: no-color.org, force-color.org
 */
export function terminalLook(stream: OutputStream, env: Environment): TerminalLook {
  const terminal = stream.isTTY === true && env.TERM !== "dumb";
  return {
    color: !isSet(env.NO_COLOR) && (isOn(env.FORCE_COLOR) || (terminal && env.FORCE_COLOR === undefined)),
    repaints: terminal && !isOn(env.CI),
  };
}

/** Columns of a terminal; a file or a pipe has none, and gets `otherwise`. */
export function widthOf(stream: OutputStream, otherwise = 100): number {
  // Some terminals say 0 while they open.
  return stream.columns === undefined || stream.columns <= 0 ? otherwise : stream.columns;
}
