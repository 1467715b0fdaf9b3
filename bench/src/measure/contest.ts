// How contestants are compared on a machine that others use as well.
//
// All of them run once in every round, in an order drawn anew, and each is compared with a yardstick that ran in the
// same round. So what slows the machine down for a while slows down both sides of a ratio.
import { randomNumbers } from "../random-numbers.ts";
import type { Cost } from "./cost.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** Somebody who is measured: runs once and returns what each thing that it did took, by name. */
export interface Contestant {
  readonly name: string;
  run(): Promise<Readonly<Record<string, Cost>>>;
}

export interface Contest {
  readonly contestants: readonly Contestant[];
  /** Name of the cost with which all others are compared. */
  readonly yardstick: string;
  /**
   * Rounds that are not counted, so that code is compiled and files are in memory before the first that is.
   *
   * @default 1
   */
  readonly warmUps?: number;
}

export interface ContestOptions {
  /** Whole number >= 1. */
  readonly rounds: number;
  readonly seed: number;
  /** Is told what is being done, for people who wait. */
  readonly note: (sentence: string) => void;
}

/** What one thing took over all rounds. */
export interface Standing {
  readonly name: string;
  readonly wallMs: Spread;
  readonly cpuMs: Spread;
  /** To the yardstick's wall time in the same round. */
  readonly wallRatio: Spread;
  /** To the yardstick's processor time in the same round. */
  readonly cpuRatio: Spread;
}

export interface ContestResult {
  /** In the order in which the contestants were given. */
  readonly standings: readonly Standing[];
  /** The yardstick's slowest round over its fastest. */
  readonly drift: number;
}

/** Above this drift the figures say more about the machine than about the contestants. */
export const NOISY_DRIFT = 1.5;

type Round = ReadonlyMap<string, Cost>;

/** Measures all contestants in every round. What one of them throws ends the contest. */
export async function holdContest(contest: Contest, options: ContestOptions): Promise<ContestResult> {
  const { contestants, yardstick, warmUps = 1 } = contest;
  const { rounds, seed, note } = options;
  const random = randomNumbers(seed);
  const counted: Round[] = [];
  for (let round = 1 - warmUps; round <= rounds; round++) {
    const costs = new Map<Contestant, readonly [string, Cost][]>();
    for (const contestant of shuffled(contestants, random)) {
      note(`${round < 1 ? "warming up" : `round ${round} of ${rounds}`}: ${contestant.name}`);
      costs.set(contestant, Object.entries(await contestant.run()));
    }
    if (round >= 1) counted.push(new Map(contestants.flatMap((contestant) => costs.get(contestant)!)));
  }
  return judge(counted, yardstick);
}

/** Returns the items in an order drawn by `random` (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}

/** Compares what was measured, round by round. */
export function judge(rounds: readonly Round[], yardstick: string): ContestResult {
  const names = [...new Set(rounds.flatMap((round) => [...round.keys()]))];
  const standings = names.map((name): Standing => {
    const over = (pick: (cost: Cost) => number): Spread =>
      spreadOf(rounds.map((round) => pick(round.get(name)!)));
    const ratio = (pick: (cost: Cost) => number): Spread =>
      spreadOf(rounds.map((round) => pick(round.get(name)!) / pick(round.get(yardstick)!)));
    const wall = (cost: Cost): number => cost.wallMs;
    const cpu = (cost: Cost): number => cost.cpuMs;
    return { name, wallMs: over(wall), cpuMs: over(cpu), wallRatio: ratio(wall), cpuRatio: ratio(cpu) };
  });
  const { least, most } = spreadOf(rounds.map((round) => round.get(yardstick)!.wallMs));
  return { standings, drift: most / least };
}
