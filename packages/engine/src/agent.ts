// What a module of agents needs, and nothing else: workers load it, each for itself.
export {
  type AgentDefinition,
  type AgentNeeds,
  defineAgent,
  type PortableAgent,
} from "./agents/define-agent.ts";
