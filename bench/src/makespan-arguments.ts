import { parseArgs } from "node:util";
import { BadInput } from "./bad-input.ts";
import type { Estimates } from "./noise.ts";
import { orUsage } from "./or-usage.ts";
import { wholeNumber } from "./whole-number.ts";

const USAGE =
  "usage: bench:makespan FILE... --processors P[,P...] [--optimum CSV]... [--noise SIGMA] [--seed N] [--json]";

/** What the command line asks for. */
export interface MakespanArguments {
  /** Workflow files, and folders of them. */
  readonly files: readonly string[];
  readonly processors: readonly number[];
  /** CSV files with known optima. */
  readonly optimum: readonly string[];
  readonly estimates: Estimates;
  /** One JSON array of rows instead of a table. */
  readonly json: boolean;
}

/**
 * Reads the command line.
 *
 * @throws BadInput
 */
export function makespanArguments(args: readonly string[]): MakespanArguments {
  const { values, positionals } = parsed(args);
  if (positionals.length === 0) throw new BadInput(`expected at least one file or folder (${USAGE})`);
  if (values.processors === undefined) throw new BadInput(`expected --processors P (${USAGE})`);
  return {
    files: positionals,
    processors: values.processors.split(",").map((text) => wholeNumber("--processors", text, 1)),
    optimum: values.optimum ?? [],
    estimates: {
      sigma: sigmaIn(values.noise ?? "0"),
      seed: wholeNumber("--seed", values.seed ?? "1", 0),
    },
    json: values.json ?? false,
  };
}

function parsed(args: readonly string[]) {
  return orUsage(USAGE, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        processors: { type: "string" },
        optimum: { type: "string", multiple: true },
        noise: { type: "string" },
        seed: { type: "string" },
        json: { type: "boolean" },
      },
    }),
  );
}

function sigmaIn(text: string): number {
  const sigma = text.trim() === "" ? Number.NaN : Number(text);
  if (sigma >= 0 && sigma <= 10) return sigma;
  throw new BadInput(`expected --noise to be a number from 0 to 10, got ${JSON.stringify(text)}`);
}
