// Holds one contest about directories; see `inOwnProcess`.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type ContestResult, holdContest } from "../measure/contest.ts";
import { answerRequest } from "../measure/own-process.ts";
import { plainCopies } from "./plain-copies.ts";
import { makeSampleTree } from "./sample-tree.ts";
import { transactionSteps } from "./transaction-steps.ts";
import type { WorkdirRequest } from "./workdir-request.ts";

type Note = (sentence: string) => void;

async function contest(request: WorkdirRequest, note: Note): Promise<ContestResult> {
  const { folder, rung, files, user, rounds, seed } = request;
  if (user !== null) {
    process.setgid!(user);
    process.setuid!(user);
  }
  const dir = join(folder, "tree");
  mkdirSync(dir);
  makeSampleTree(dir, files);
  const contestants = [...plainCopies(dir, join(folder, "copy")), transactionSteps({ dir, rung })];
  return holdContest({ contestants, yardstick: contestants[0]!.name }, { rounds, seed, note });
}

await answerRequest(contest);
