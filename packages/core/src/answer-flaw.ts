/** What is wrong with a part of a model's answer about dependencies, or what had to be done about it. */
export type AnswerFlaw =
  /** A record that could not be read. */
  | "unreadable"
  /** A record of a task, or a need, that was not asked about. */
  | "unasked"
  /** A task that is not in the list. */
  | "unknown"
  /** A task's need of itself. */
  | "itself"
  /** A need of a later task. */
  | "later"
  /** A need that, together with likelier ones, goes in a circle: only where the order of the tasks is free. */
  | "circular"
  /** A need that was said before. */
  | "twice"
  /** A need too improbable to wait for. */
  | "improbable"
  /** A need beyond the most that one task may have. */
  | "too-many"
  /** A need that most votes were against. */
  | "outvoted"
  /** A need whose evidence stands in neither task, so that it counts half. */
  | "unproven"
  /** An answer with fences or prose around it. */
  | "wrapped"
  /** An answer that ends in the middle. */
  | "cut"
  /** A task without a record, asked about again. */
  | "missing";
