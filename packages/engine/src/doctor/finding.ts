/** One thing about the machine that decides how runs fare on it. */
export interface Finding {
  readonly about: string;
  /** `good`: as well as it gets. `limited`: runs work, and could fare better. `bad`: no run can work. */
  readonly grade: "good" | "limited" | "bad";
  /** What there is, in a few words. */
  readonly what: string;
  readonly why: string;
  /** What a person can do for something better; null where there is nothing to do. */
  readonly better: string | null;
}
