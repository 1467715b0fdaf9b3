// Follows a run on a terminal, or as plain lines.
import process from "node:process";
import type { Clock, RunEvent } from "@sheaf/core";
import { systemClock } from "@sheaf/core";
import type { RunHandle } from "@sheaf/engine";
import { wrapText } from "./fit-text.ts";
import { createLiveState, type LiveState, takeLiveEvent } from "./live-state.ts";
import { openLiveView } from "./live-view.ts";
import { lastingNote, progressLine } from "./progress-lines.ts";
import { type OutputStream, terminalLook, widthOf } from "./terminal-look.ts";

export interface ProgressOptions {
  /** @default process.stderr */
  readonly stream?: OutputStream;
  /** Default: what the stream and NO_COLOR or FORCE_COLOR say. */
  readonly color?: boolean;
  /** Repaint a block instead of writing lines. Default: on a terminal, unless CI is set. */
  readonly live?: boolean;
  /** Also what agents say and what tasks wait for; always as lines. @default false */
  readonly verbose?: boolean;
  /** @default systemClock */
  readonly clock?: Clock;
  /** Environment that is read instead of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A run that is being shown. */
export interface ShownRun {
  /** Resolves when the run has ended and the terminal is as it was. Never rejects. */
  readonly ended: Promise<void>;
  /** Writes a line of one's own between what is shown. */
  say(line: string): void;
}

/**
 * Shows how a run proceeds, until it ends. Never rejects: what goes wrong with the run, the run itself tells.
 *
 * @example await Promise.all([showProgress(run), run])
 */
export function showProgress(run: RunHandle, options: ProgressOptions = {}): Promise<void> {
  return followRun(run, options).ended;
}

/** Starts to show a run. */
export function followRun(run: RunHandle, options: ProgressOptions = {}): ShownRun {
  const { stream = process.stderr, verbose = false, clock = systemClock, env = process.env } = options;
  const look = terminalLook(stream, env);
  const color = options.color ?? look.color;
  const state = createLiveState();
  const repaints = (options.live ?? look.repaints) && !verbose;
  const view = repaints ? openLiveView({ stream, color, clock, state }) : null;
  const writeLine = (line: string): void => {
    stream.write(`${line}\n`);
  };
  const tell = (event: RunEvent): void => {
    if (view === null) {
      const line = progressLine(state.trace, event, { color, verbose });
      if (line !== null) writeLine(line);
      return;
    }
    const note = lastingNote(event, { color });
    if (note !== null) view.say(wrapText(note, widthOf(stream) - 1).join("\n"));
    view.changed();
  };
  keepPlan(run, state);
  const follow = async (): Promise<void> => {
    try {
      for await (const event of run) {
        takeLiveEvent(state, event);
        tell(event);
      }
    } catch {
      // The run could not begin, or ended by a fault; whoever awaits it is told.
    } finally {
      view?.close();
    }
  };
  return { ended: follow(), say: view?.say ?? writeLine };
}

function keepPlan(run: RunHandle, state: LiveState): void {
  const forget = (): void => {};
  run.plan.then((plan) => {
    state.plan = plan;
  }, forget);
}

/** Returns all events of a run once it has ended; those so far when it ended by a fault. */
export async function collectEvents(run: RunHandle): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  try {
    for await (const event of run) events.push(event);
  } catch {
    // As above.
  }
  return events;
}
