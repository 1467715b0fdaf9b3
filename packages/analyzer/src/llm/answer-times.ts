// How long a model has taken to answer, kept on disk for the next guess.
//
// Owns:     the files `<who was asked>-times.json` beside the kept answers.
// Does not: measure (conversation), weigh (expected-time), remove what is old (kept-answers).
//
// Invariants:
//   T1. One answer alone decides nothing: a figure is the median of the last ones, of which what is assumed stands for
//       those that lack to three.
//   T2. A file that is damaged, torn, foreign or no file counts as none. Nothing here throws.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { AnswerTime } from "./conversation.ts";
import { type AnswerSpeed, ASSUMED_SPEED } from "./expected-time.ts";
import { replaceFile } from "./kept-answers.ts";
import { type ModelSettings, providerOf } from "./model-settings.ts";

interface AnswerTimes {
  speed(): AnswerSpeed;
  keep(times: readonly AnswerTime[]): void;
}

const FORMAT = 1;
/** Answers that are kept. */
const MOST = 9;
const LEAST = 3;

const MS = z.number().nonnegative();
const FILE = z.object({
  format: z.literal(FORMAT),
  answers: z.array(z.object({ firstWordMs: MS, recordMs: MS })).max(MOST),
});

/** Opens the times that are kept in `folder`, or none where that is null, of this model. */
export function openAnswerTimes(folder: string | null, settings: ModelSettings): AnswerTimes {
  const name = `${askerOf(settings)}-times.json`;
  const kept = folder === null ? [] : readSpeeds(join(folder, name));
  return {
    speed: () => speedBy(kept),
    keep(times) {
      const fresh = times.filter(({ tasks }) => tasks > 1).map(speedOf);
      if (folder === null || fresh.length === 0) return;
      const answers = [...kept, ...fresh].slice(-MOST);
      try {
        replaceFile(folder, name, JSON.stringify({ format: FORMAT, answers }));
      } catch {
        // Then the next guess is worse; that the folder cannot be written is said of the answers.
      }
    },
  };
}

/** What answers take their time by, besides the tasks. */
function askerOf(settings: ModelSettings): string {
  const { model, effort = null } = settings;
  const parts = [FORMAT, providerOf(settings), model, effort];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

function speedOf({ tasks, firstMs, ms }: AnswerTime): AnswerSpeed {
  const recordMs = Math.round(Math.max(0, ms - firstMs) / (tasks - 1));
  return { firstWordMs: Math.round(Math.max(0, firstMs - recordMs)), recordMs };
}

function speedBy(kept: readonly AnswerSpeed[]): AnswerSpeed {
  if (kept.length === 0) return ASSUMED_SPEED;
  const lacking = Array.from({ length: Math.max(0, LEAST - kept.length) }, () => ASSUMED_SPEED);
  const speeds = [...kept, ...lacking];
  const median = (of: (speed: AnswerSpeed) => number): number =>
    speeds.map(of).sort((a, b) => a - b)[Math.floor(speeds.length / 2)]!;
  return {
    firstWordMs: median(({ firstWordMs }) => firstWordMs),
    recordMs: median(({ recordMs }) => recordMs),
  };
}

function readSpeeds(path: string): readonly AnswerSpeed[] {
  try {
    return FILE.parse(JSON.parse(readFileSync(path, "utf8"))).answers;
  } catch {
    return []; // torn, damaged or not there yet
  }
}
