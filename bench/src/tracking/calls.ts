export const CALLS = ["lstatSync", "existsSync", "statSync", "readFileSync", "promises.readFile"] as const;
/** Without the hook; with it, but between tasks; with it, in a task. */
export const WAYS = ["without", "idle", "tracking"] as const;
/** Whether the paths were new to the thread's task. */
export const TIMES = ["first", "again"] as const;
export const FILES = 2_000;

export interface Measured {
  readonly call: (typeof CALLS)[number];
  readonly way: (typeof WAYS)[number];
  readonly time: (typeof TIMES)[number];
}

/** What a thread is to do. */
export interface CallsRequest {
  /** Holds `FILES` files, named by numbers. */
  readonly folder: string;
  readonly way: Measured["way"];
  readonly tracked: boolean;
}

/** Name under which a cost is kept. */
export const nameOf = ({ call, way, time }: Measured): string => `${call}, ${time}, ${way}`;
