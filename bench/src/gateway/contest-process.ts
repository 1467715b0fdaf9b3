// Holds the contest about the gateway; see `inOwnProcess`.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { runId, systemClock, taskId } from "@sheaf/core";
import { type Gateway, type GatewayOptions, openGateway } from "@sheaf/ledger";
import { type Contestant, type ContestResult, holdContest } from "../measure/contest.ts";
import { costOf } from "../measure/cost.ts";
import { answerRequest } from "../measure/own-process.ts";
import { threeBudgets } from "./three-budgets.ts";
import { type Job, WAYS, type Way } from "./ways.ts";

const PEER: URL = new URL("./peer-process.js", import.meta.url);

/** One contest about the gateway. */
export interface GatewayRequest {
  /** An empty folder to work in. */
  readonly folder: string;
  readonly rounds: number;
  readonly seed: number;
}

async function contest(request: GatewayRequest, note: (sentence: string) => void): Promise<ContestResult> {
  const { folder, rounds, seed } = request;
  const peer = fork(fileURLToPath(PEER), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [port] = await once(peer, "message");
  const open = (more: Partial<GatewayOptions>): Promise<Gateway> =>
    openGateway({
      upstreams: { openai: { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: "key" } },
      onEvent() {},
      clock: systemClock,
      recordings: null,
      ...more,
    });
  const plain = await open({});
  const recording = await open({ recordings: folder });
  const budgeting = await open(threeBudgets(`127.0.0.1:${port}`));
  let attempt = 0;
  const contestantOf = ({ name, stream, recorded, budgeted }: Way): Contestant => ({
    name,
    async run() {
      const gateway = budgeted ? budgeting : recorded ? recording : plain;
      attempt++;
      const owner = { runId: runId("bench"), taskId: taskId(`task-${attempt}`), attempt };
      const { OPENAI_BASE_URL, OPENAI_API_KEY } = gateway.admit(owner);
      const job: Job = { url: `${OPENAI_BASE_URL}/chat/completions`, key: OPENAI_API_KEY!, stream };
      const cost = await costOf(async () => {
        peer.send(job);
        await once(peer, "message");
      });
      await gateway.dismiss(owner);
      return { [name]: cost };
    },
  });
  const contestants = WAYS.map(contestantOf);
  const result = await holdContest(
    { contestants, yardstick: WAYS[0]!.name, warmUps: 2 },
    { rounds, seed, note },
  );
  for (const gateway of [plain, recording, budgeting]) await gateway.close();
  peer.disconnect();
  peer.kill();
  return result;
}

await answerRequest(contest);
