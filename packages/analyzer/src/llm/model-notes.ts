import type { UsageRecord } from "@sheaf/core";
import { CallRefused, type PermitCall, type UsedByCall, type WantedCall } from "./call-permit.ts";

/** Where the parts of a conversation with a model are noted as they come, so that they outlive a failure. */
export interface ModelNotes {
  /** What the server told of each request, failed ones included. */
  readonly usage: UsageRecord[];
  /** Requests that a server got, did not answer with an error, and of which it has told no usage. */
  unmetered: number;
  /** Sentences for people: formats that the server refused, requests that were made again. */
  readonly repairs: string[];
  /** Asked before each request. @default all are permitted */
  readonly permit?: PermitCall;
}

/** Books one request in the notes. */
export interface Meter {
  /** It is on its way, and unmetered until something is told. */
  sent(): void;
  /** It costs nothing. */
  free(): void;
  /** The server told what it cost; the last word counts where it tells that more than once. */
  told(usage: UsageRecord): void;
  /** Nothing more comes of it. */
  over(): void;
}

/** Opens the meter of a request that is about to be made. @throws CallRefused when it must not */
export function openMeter(notes: ModelNotes, wanted: WantedCall): Meter {
  const permit = notes.permit?.(wanted) ?? { refused: null, over: () => {} };
  if (permit.refused !== null) throw new CallRefused(permit.refused);
  let used: UsedByCall = "nothing";
  let place: number | null = null;
  let isOpen = false;
  const close = (): void => {
    if (isOpen) notes.unmetered--;
    isOpen = false;
  };
  return {
    sent() {
      notes.unmetered++;
      isOpen = true;
      used = null;
    },
    free() {
      close();
      used = "nothing";
    },
    told(usage) {
      close();
      used = usage;
      if (place === null) place = notes.usage.push(usage) - 1;
      else notes.usage[place] = usage;
    },
    over: () => permit.over(used),
  };
}
