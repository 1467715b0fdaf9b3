import { parseArgs } from "node:util";
import { BadInput } from "../bad-input.ts";
import { orUsage } from "../or-usage.ts";

const USAGE =
  "usage: bench:dependencies [--set DIR|FILE] [--model URL] [--transcript FILE] [--json | --markdown]";
const DEFAULT_MODEL = "gpt-4o-mini";

/** What the command line asks for. */
export interface DependenciesArguments {
  /** A file or a folder; null for the sets beside the checkout. */
  readonly set: string | null;
  /** Of a server that speaks OpenAI's chat completions; null: no model is asked. */
  readonly modelUrl: string | null;
  readonly modelName: string;
  readonly apiKey: string;
  /** File to which the model's answers are added, or from which they are taken where no model is named. */
  readonly transcript: string | null;
  readonly form: "text" | "json" | "markdown";
}

/**
 * Reads the command line, and from the environment how the model is called and its key.
 *
 * @throws BadInput
 */
export function dependenciesArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DependenciesArguments {
  const { set = null, model: modelUrl = null, transcript = null, json, markdown } = parsed(args);
  if (json && markdown) throw new BadInput(`expected --json or --markdown, not both (${USAGE})`);
  return {
    set,
    modelUrl: modelUrl === null ? null : urlIn(modelUrl),
    modelName: env.SHEAF_MODEL || DEFAULT_MODEL,
    // A server of one's own may want no key.
    apiKey: env.SHEAF_MODEL_API_KEY || "none",
    transcript,
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
          set: { type: "string" },
          model: { type: "string" },
          transcript: { type: "string" },
          json: { type: "boolean" },
          markdown: { type: "boolean" },
        },
      }).values,
  );
}

function urlIn(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new BadInput(`expected --model to be an http(s) URL, got ${JSON.stringify(text)}`);
}
