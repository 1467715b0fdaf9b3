import { analyze, freeOrder, type ModelSettings, type SeenFiles } from "@sheaf/analyzer";
import type { Edge, Task, UsageRecord } from "@sheaf/core";
import { artifactPath } from "./artifact-path.ts";
import type { KnownList } from "./known-list.ts";

/**
 * Ways to come by edges. `none`: there are none. `sequential`: a chain in list order. `declared`: from what tasks take
 * and make, wherever they stand. `references`: from texts. `learned`: what tasks take and make was seen in an earlier
 * run, in list order. `llm`: a model, and list order where it says nothing.
 */
export type AnalyzerName = "none" | "sequential" | "declared" | "references" | "learned" | "llm";

/** What an analyzer says about a list. */
export interface Findings {
  readonly edges: readonly Edge[];
  /** What asking a model came to; null where none was asked. */
  readonly asked: Asked | null;
}

export interface Asked {
  /** The answer came from a transcript, so that the time it took means nothing. */
  readonly isReplayed: boolean;
  /** When the model had spoken about a first task, which may start then, by performance.now(); null if it never did. */
  readonly firstHeardAt: number | null;
  /** One record for each call of which the server told the usage. */
  readonly usage: readonly UsageRecord[];
  /** False where the model said nothing usable, so that the edges are those of list order. */
  readonly answered: boolean;
  /** What went wrong or had to be mended, as sentences for people. */
  readonly problems: readonly string[];
}

export interface Analyzer {
  readonly name: AnalyzerName;
  /** Tells whether the list has what the analyzer goes by. */
  suits(list: KnownList): boolean;
  find(list: KnownList): Promise<Findings>;
}

/** What answers as a model. */
export interface ModelSource {
  readonly settings: ModelSettings;
  /** Its answers come from a transcript. */
  readonly isReplayed: boolean;
}

/** All analyzers; `llm` is among them where there is a model. */
export function analyzers(model: ModelSource | null): readonly Analyzer[] {
  const any = (): boolean => true;
  const free: readonly Analyzer[] = [
    { name: "none", suits: any, find: async () => justEdges([]) },
    { name: "sequential", suits: any, find: async (list) => justEdges(chainOf(list)) },
    { name: "declared", suits: saysAll, find: async (list) => justEdges(await declaredOf(list)) },
    { name: "references", suits: any, find: async (list) => justEdges(await referencesOf(list)) },
    { name: "learned", suits: saysAll, find: async (list) => justEdges(await learnedOf(list)) },
  ];
  return model === null ? free : [...free, { name: "llm", suits: any, find: (list) => askedOf(list, model) }];
}

const justEdges = (edges: readonly Edge[]): Findings => ({ edges, asked: null });

/** Tells whether every task of the list names what it takes and what it makes. */
const saysAll = ({ tasks }: KnownList): boolean => tasks.every(({ artifacts }) => artifacts !== null);

function chainOf({ tasks }: KnownList): readonly Edge[] {
  return tasks.slice(1).map((task, i): Edge => {
    const label = { kind: "order", source: "assumed", probability: 0.5, evidence: "list order" } as const;
    return { from: tasks[i]!.id, to: task.id, ...label };
  });
}

const withTexts = ({ tasks }: KnownList): readonly Task[] =>
  tasks.map(({ id, description }) => ({ id, description }));

const withFiles = ({ tasks }: KnownList): readonly Task[] =>
  tasks.map(({ id, artifacts }) => ({
    id,
    reads: (artifacts?.inputs ?? []).map(artifactPath),
    writes: (artifacts?.outputs ?? []).map(artifactPath),
  }));

/** The list is a set: nobody says that who makes a file stands before who takes it. */
async function declaredOf(list: KnownList): Promise<readonly Edge[]> {
  const { tasks } = freeOrder(withFiles(list));
  const { edges } = await analyze({ tasks, autoDetect: true, askModel: "never", model: null });
  return edges;
}

async function referencesOf(list: KnownList): Promise<readonly Edge[]> {
  const { edges } = await analyze({
    tasks: withTexts(list),
    autoDetect: true,
    askModel: "never",
    model: null,
  });
  return edges.filter(({ source }) => source === "reference");
}

/** What the list says of files is taken for what an earlier run has seen; the tasks themselves say nothing. */
async function learnedOf(list: KnownList): Promise<readonly Edge[]> {
  const seen = new Map<string, SeenFiles>(
    withFiles(list).map(({ id, reads = [], writes = [] }) => [id, { reads, writes }]),
  );
  const { edges } = await analyze({
    tasks: list.tasks.map(({ id }) => ({ id })),
    autoDetect: true,
    askModel: "never",
    learned: ({ id }) => seen.get(id) ?? null,
    model: null,
  });
  return edges;
}

/** The model sees what the tasks are to do, and nothing of what they declare. */
async function askedOf(list: KnownList, { settings, isReplayed }: ModelSource): Promise<Findings> {
  let firstHeardAt: number | null = null;
  const { edges, usage, fallbacks } = await analyze({
    tasks: withTexts(list),
    autoDetect: true,
    askModel: "when-needed",
    model: settings,
    onSettled: () => {
      firstHeardAt ??= performance.now();
    },
  });
  // There is nothing to ask about a task that is alone.
  if (list.tasks.length === 1) return justEdges(edges);
  const from = (source: string): boolean => edges.some((edge) => edge.source === source);
  const answered = from("llm") || !from("assumed");
  const problems = fallbacks.map(({ reason }) => reason);
  return { edges, asked: { isReplayed, firstHeardAt, usage, answered, problems } };
}
