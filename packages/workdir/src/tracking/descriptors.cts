// Knows which file descriptors were opened in sight; what is done with any other is unknown.
import type { Recorder } from "./recorder.cjs";

export interface Descriptors {
  opened(descriptor: unknown): void;
  /** Makes the records incomplete where the task did not open this descriptor itself. */
  used(descriptor: unknown): void;
  clear(): void;
}

export interface DescriptorsModule {
  descriptorsOf(recorder: Recorder): Descriptors;
}

/** Descriptors up to here are the standard streams. */
const LAST_STANDARD = 2;

function descriptorsOf(recorder: Recorder): Descriptors {
  const known = new Set<number>();
  return {
    opened(descriptor) {
      if (typeof descriptor === "number") known.add(descriptor);
    },
    used(descriptor) {
      if (typeof descriptor !== "number" || descriptor <= LAST_STANDARD || known.has(descriptor)) return;
      recorder.unknown("A file descriptor was used that was not opened in sight.");
    },
    clear: () => known.clear(),
  };
}

module.exports = { descriptorsOf } satisfies DescriptorsModule;
