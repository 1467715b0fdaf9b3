// The entry "sheaf/agent": for modules of agents, which every worker loads. It is quick to load, unlike "sheaf".
export { type AgentContext, type AgentFn, SheafError, type Task, type UsageRecord } from "@sheaf/core";
export { type AgentDefinition, type AgentNeeds, defineAgent, type PortableAgent } from "@sheaf/engine/agent";
