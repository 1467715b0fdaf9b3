import { parseArgs } from "node:util";
import type { ModelSettings } from "@sheaf/analyzer";
import { BadInput } from "../bad-input.ts";

const USAGE = "usage: bench:dependencies [--set DIR|FILE] [--model URL] [--json | --markdown]";
const DEFAULT_MODEL = "gpt-4o-mini";

/** What the command line asks for. */
export interface DependenciesArguments {
  /** A file or a folder; null for the sets beside the checkout. */
  readonly set: string | null;
  /** Null: no model is asked. */
  readonly model: ModelSettings | null;
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
  const { set = null, model: url, json, markdown } = parsed(args);
  if (json && markdown) throw new BadInput(`expected --json or --markdown, not both (${USAGE})`);
  return {
    set,
    model: url === undefined ? null : modelAt(url, env),
    form: json ? "json" : markdown ? "markdown" : "text",
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        set: { type: "string" },
        model: { type: "string" },
        json: { type: "boolean" },
        markdown: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new BadInput(`${error instanceof Error ? error.message : String(error)} (${USAGE})`);
  }
}

/** A server of one's own may want no key. */
function modelAt(url: string, env: Readonly<Record<string, string | undefined>>): ModelSettings {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new BadInput(`expected --model to be an http(s) URL, got ${JSON.stringify(url)}`);
  }
  return {
    baseUrl: url,
    apiKey: env.SHEAF_MODEL_API_KEY || "none",
    model: env.SHEAF_MODEL || DEFAULT_MODEL,
  };
}
