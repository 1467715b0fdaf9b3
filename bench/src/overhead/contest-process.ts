// Holds one contest about overhead; see `inOwnProcess`.
import { holdContest } from "../measure/contest.ts";
import { answerRequest } from "../measure/own-process.ts";
import { CONTESTS } from "./contests.ts";
import type { HeldContest, OverheadRequest } from "./held-contest.ts";

await answerRequest(async (request: OverheadRequest, note): Promise<HeldContest> => {
  const { name, rounds, seed } = request;
  const contest = CONTESTS[name]!.make(seed);
  const { what, yardstick, tasks } = contest;
  return { what, yardstick, tasks, result: await holdContest(contest, { rounds, seed, note }) };
});
