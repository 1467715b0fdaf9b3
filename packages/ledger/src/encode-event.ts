import { type RunEvent, show } from "@sheaf/core";

const MAX_DEPTH = 50;

/** An event and its line of JSON, without the line break. */
export interface EncodedEvent {
  readonly event: RunEvent;
  readonly line: string;
}

/**
 * Returns an event as JSON. Never throws: what JSON cannot hold (a bigint, a cycle) becomes a text that says so,
 * and the event returned is then the one that the line holds.
 */
export function encodeEvent(event: RunEvent): EncodedEvent {
  try {
    return { event, line: JSON.stringify(event) };
  } catch {
    const line = JSON.stringify(writable(event, []));
    return { event: JSON.parse(line) as RunEvent, line };
  }
}

// Copies what JSON can hold and goes down only into what it cannot. `above` are the objects around the value.
function writable(value: unknown, above: readonly unknown[]): unknown {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    if (typeof value !== "object" || value === null) return show(value);
    if (above.includes(value)) return "[circular]";
    if (above.length >= MAX_DEPTH) return "[too deep]";
  }
  const within = [...above, value];
  if (Array.isArray(value)) return value.map((item) => writable(item, within));
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = writable(read(value, key), within);
  return copy;
}

function read(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return "[unreadable]";
  }
}
