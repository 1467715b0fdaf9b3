import { defineAgent, type PortableAgent } from "sheaf/agent";

/** Does nothing, anywhere. */
export const noOp: PortableAgent<void> = defineAgent({ name: "no-op", run: () => {} }, import.meta.url);
