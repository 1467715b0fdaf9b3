import { parseArgs } from "node:util";
import { BadInput } from "./bad-input.ts";
import { orUsage } from "./or-usage.ts";
import { wholeNumber } from "./whole-number.ts";

/** Parts of the benchmark, in the order in which they are measured. */
const SECTION_NAMES = [
  "audit",
  "workflows",
  "overhead",
  "workdir",
  "durability",
  "tracking",
  "analysis",
  "prices",
  "gateway",
  "history",
] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

const USAGE = `usage: bench [--only ${SECTION_NAMES.join(",")}] [--rounds N] [--seed N] [--json | --markdown]`;

/** What the command line asks for. */
export interface BenchArguments {
  readonly only: readonly SectionName[];
  /** How often everything is measured. */
  readonly rounds: number;
  /** Of the order of contestants, and of what is drawn for them. */
  readonly seed: number;
  readonly form: "text" | "json" | "markdown";
}

/**
 * Reads the command line.
 *
 * @throws BadInput
 */
export function benchArguments(args: readonly string[]): BenchArguments {
  const { only, rounds, seed, json, markdown } = parsed(args);
  if (json && markdown) throw new BadInput(`expected --json or --markdown, not both (${USAGE})`);
  return {
    only: only === undefined ? SECTION_NAMES : sectionsIn(only),
    rounds: wholeNumber("--rounds", rounds ?? "3", 1),
    seed: wholeNumber("--seed", seed ?? "1", 0),
    form: json ? "json" : markdown ? "markdown" : "text",
  };
}

function parsed(args: readonly string[]) {
  return orUsage(
    USAGE,
    () =>
      parseArgs({
        args: [...args],
        options: {
          only: { type: "string" },
          rounds: { type: "string" },
          seed: { type: "string" },
          json: { type: "boolean" },
          markdown: { type: "boolean" },
        },
      }).values,
  );
}

function sectionsIn(text: string): readonly SectionName[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !SECTION_NAMES.some((known) => known === name));
  if (unknown !== undefined) {
    throw new BadInput(`expected --only to name ${SECTION_NAMES.join(", ")}, got ${JSON.stringify(unknown)}`);
  }
  return SECTION_NAMES.filter((name) => names.includes(name));
}
