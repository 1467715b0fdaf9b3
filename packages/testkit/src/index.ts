export {
  type ArbitraryDagOptions,
  arbitraryDag,
  arbitraryGraph,
  type TaskGraph,
} from "./arbitrary-dag.ts";
export { type Cases, caseCount, cases } from "./cases.ts";
export { type ExecutorUnderTest, executorConformance } from "./executor-conformance.ts";
export { FakeClock } from "./fake-clock.ts";
export type { FakeUsage } from "./fake-model-answer.ts";
export {
  type FakeCharge,
  type FakeModelRequest,
  type FakeModelScript,
  type FakeModelServer,
  startFakeModelServer,
} from "./fake-model-server.ts";
export type { FakeModelReply } from "./fake-model-server-reply.ts";
export type { FakeStream } from "./fake-model-stream.ts";
export {
  HOSTILE_DESCRIPTIONS,
  type HostileDescription,
  obedientAnswer,
} from "./hostile-descriptions.ts";
export { type ScriptedAgent, type ScriptedCall, scriptedAgent } from "./scripted-agent.ts";
export { type Files, memoryDir, readTree, type TempDir, tempDir, writeFiles } from "./temp-dir.ts";
