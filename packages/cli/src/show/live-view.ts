// A block of lines at the end of a terminal that is painted over as a run proceeds.
//
// Owns:     when to paint, the cursor, what a resize leaves behind.
// Does not: decide what the lines say (live-block), nor end the process.
import type { Clock } from "@sheaf/core";
import { createLogUpdate } from "log-update";
import stringWidth from "string-width";
import { liveBlock } from "./live-block.ts";
import type { LiveState } from "./live-state.ts";
import { type OutputStream, widthOf } from "./terminal-look.ts";

export interface LiveViewOptions {
  readonly stream: OutputStream;
  readonly color: boolean;
  readonly clock: Clock;
  readonly state: LiveState;
}

export interface LiveView {
  /** Says that the state has taken an event. */
  changed(): void;
  /** Writes a line above the block, where it stays. */
  say(line: string): void;
  /** Removes the block and gives the cursor back. */
  close(): void;
}

/** Ages are shown in seconds: painting more often than this would show nothing new. */
const TICK_MS = 250;
/** Events come by the thousand: they are gathered for this long. */
const GATHER_MS = 50;
const UP_AND_ERASE = "\u001b[1A\u001b[2K";

/** Starts painting. */
export function openLiveView({ stream, color, clock, state }: LiveViewOptions): LiveView {
  const paint = createLogUpdate(stream as NodeJS.WriteStream);
  let stop = (): void => {};
  let dueAt = Number.POSITIVE_INFINITY;
  let closed = false;
  let lines: readonly string[] = [];
  let width = widthOf(stream);

  const draw = (): void => {
    stop();
    lines = liveBlock(state, { width, height: heightOf(stream), color, now: clock.now() });
    paint(lines.join("\n"));
    schedule(TICK_MS);
  };
  const schedule = (ms: number): void => {
    stop();
    dueAt = clock.now() + ms;
    stop = clock.after(ms, draw);
  };
  const resized = (): void => {
    if (closed) return;
    const before = lines;
    width = widthOf(stream);
    paint.clear();
    // Terminals break lines that no longer fit, so the block was higher than it had been painted.
    const extra = before.reduce(
      (sum, line) => sum + Math.max(0, Math.ceil(stringWidth(line) / width) - 1),
      0,
    );
    if (extra > 0) stream.write(UP_AND_ERASE.repeat(extra));
    draw();
  };
  stream.on("resize", resized);
  draw();

  return {
    changed() {
      if (dueAt > clock.now() + GATHER_MS) schedule(GATHER_MS);
    },
    say(line) {
      paint.clear();
      stream.write(`${line}\n`);
      if (!closed) draw();
    },
    close() {
      if (closed) return;
      closed = true;
      stop();
      stream.removeListener("resize", resized);
      paint.clear();
      paint.done();
    },
  };
}

function heightOf({ rows }: OutputStream): number {
  return rows === undefined || rows <= 0 ? 24 : rows;
}
