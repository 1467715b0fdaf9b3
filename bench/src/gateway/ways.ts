/** What is asked of a server, through the gateway. */
export interface Way {
  readonly name: string;
  readonly stream: boolean;
  /** Its answer is written to the disk. */
  readonly recorded: boolean;
  /** It is held to budgets. */
  readonly budgeted: boolean;
}

export const WAYS: readonly Way[] = [
  { name: "an answer in one piece", stream: false, recorded: false, budgeted: false },
  { name: "a stream of 22 events", stream: true, recorded: false, budgeted: false },
  { name: "an answer in one piece, kept", stream: false, recorded: true, budgeted: false },
  { name: "a stream of 22 events, kept", stream: true, recorded: true, budgeted: false },
  { name: "an answer in one piece, three budgets", stream: false, recorded: false, budgeted: true },
];

/** Calls of one round, and how many of them at once. */
export const CALLS = 1_000;
export const AT_ONCE = 8;

/** What the other process is to do: that many calls, all different. */
export interface Job {
  readonly url: string;
  readonly key: string;
  readonly stream: boolean;
}
