import type { TaskSpec } from "sheaf";
import { SHARDS } from "./packages.ts";

const INPUT = "node_modules";
const INVENTORY = "data/inventory.json";
const shards = Array.from({ length: SHARDS }, (_, i) => i + 1);
const MEASURED = "data/measured-*.json";

/**
 * The steps of the audit in the order in which somebody would write them down. No step names another: what it reads
 * and writes is declared, and the order follows from that.
 */
export const tasks: readonly TaskSpec[] = [
  {
    id: "inventory",
    description: "List all packages that are installed.",
    reads: [INPUT],
    writes: [INVENTORY],
  },
  ...shards.map((n) => ({
    id: `measure-${n}`,
    description: `Hash and compress every file of the packages of shard ${n}.`,
    reads: [INPUT, INVENTORY],
    writes: [`data/measured-${n}.json`],
  })),
  {
    id: "licences",
    description: "Find the licence of each package.",
    reads: [INPUT, INVENTORY],
    writes: ["data/licences.json"],
  },
  {
    id: "install-scripts",
    description: "Find packages that run code when they are installed.",
    reads: [INPUT, INVENTORY],
    writes: ["data/install-scripts.json"],
  },
  {
    id: "versions",
    description: "Find packages that are there in several versions.",
    reads: [INVENTORY],
    writes: ["data/versions.json"],
  },
  {
    id: "sizes",
    description: "Sum the sizes of all shards and rank the packages.",
    reads: [MEASURED],
    writes: ["data/sizes.json"],
  },
  {
    id: "duplicates",
    description: "Find files that lie in several packages.",
    reads: [MEASURED],
    writes: ["data/duplicates.json"],
  },
  {
    id: "size-chart",
    description: "Draw the largest packages.",
    reads: ["data/sizes.json"],
    writes: ["outputs/sizes.svg"],
  },
  {
    id: "licence-chart",
    description: "Draw the packages by licence.",
    reads: ["data/licences.json"],
    writes: ["outputs/licences.svg"],
  },
  {
    id: "report",
    description: "Write the report from everything that was found.",
    reads: ["data/*.json", "outputs/*.svg"],
    writes: ["outputs/report.md"],
  },
];
