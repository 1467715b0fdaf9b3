import { MODEL_EFFORTS, type ModelEffort } from "@sheaf/analyzer";
import { isMemo, MEMO_EXPECTED, MEMO_SCOPES } from "@sheaf/core";
import { budgetProblem, isRouteList, parseBudgets, ROUTES_EXPECTED } from "@sheaf/ledger";
import { DEFAULT_FROZEN, isPolicyMap, POLICY_NAMES, pathProblem } from "@sheaf/workdir";
import { BUDGETS_JSON } from "./budgets-json.ts";
import { MEMO_JSON } from "./memo-json.ts";
import type { Setting, Settings } from "./settings.ts";

const TRUE = new Set(["true", "1", "yes", "on"]);
const FALSE = new Set(["false", "0", "no", "off"]);

function parseBoolean(text: string): unknown {
  const word = text.trim().toLowerCase();
  return TRUE.has(word) ? true : FALSE.has(word) ? false : text;
}

const BOOLEAN_WORDS = "true, 1, yes or on, or false, 0, no or off";

const boolean = (env: string, fallback: boolean): Setting<boolean> => ({
  env,
  fallback,
  expected: `a boolean (${BOOLEAN_WORDS})`,
  accepts: (value) => typeof value === "boolean",
  parse: parseBoolean,
});

// Number("") is 0, and "1e3" or "0x10" are more often mistakes than wishes.
const parseNumber = (text: string): unknown => (/^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text);

interface Range {
  readonly least: number;
  readonly most: number;
  readonly what: string;
}

const whole = (env: string, fallback: number, { least, most, what }: Range): Setting<number> => ({
  env,
  fallback,
  expected: `${what} (a whole number from ${least} to ${most})`,
  accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  parse: parseNumber,
});

/** A duration: milliseconds in code, seconds in the environment. */
const duration = (env: string, fallback: number, leastMs: number): Setting<number> => ({
  env,
  fallback,
  expected: `a time of at least ${leastMs} ms (in the environment: seconds)`,
  accepts: (value) => typeof value === "number" && value >= leastMs && value <= Number.MAX_SAFE_INTEGER,
  parse: (text) => {
    const seconds = parseNumber(text);
    return typeof seconds === "number" ? seconds * 1_000 : seconds;
  },
});

const oneOf = <T extends string | boolean>(env: string, fallback: T, words: readonly T[]): Setting<T> => ({
  env,
  fallback,
  expected: `one of ${words.join(", ")}`,
  accepts: (value) => words.includes(value as T),
  parse: (text) => {
    const word = text.trim().toLowerCase();
    return words.find((known) => known === word) ?? (words.includes(true as T) ? parseBoolean(word) : text);
  },
});

const optionalText = (env: string, expected: string): Setting<string | null> => ({
  env,
  fallback: null,
  expected,
  accepts: (value) => value === null || (typeof value === "string" && value.trim() !== ""),
  parse: (text) => text.trim(),
});

function parseMemo(text: string): unknown {
  const scope = MEMO_SCOPES.find((word) => word === text.trim().toLowerCase());
  return scope === undefined ? parseBoolean(text) : { scope };
}

function isUrl(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value) && /^https?:/.test(value);
}

const isLimit = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 1;

function parseTags(text: string): unknown {
  const pairs = text.split(",").map((pair) => pair.split("=").map((part) => part.trim()));
  if (pairs.some((pair) => pair.length !== 2 || pair[0] === "")) return text;
  return Object.fromEntries(pairs.map(([tag, limit]) => [tag, parseNumber(limit!)]));
}

function parsePolicies(text: string): unknown {
  const pairs = split(text).map((pair) => pair.split("=").map((part) => part.trim()));
  if (pairs.some((pair) => pair.length !== 2 || pair[0] === "")) return text;
  return Object.fromEntries(pairs);
}

const split = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** Every setting, with its variable, its default and what it must be. */
export const SETTING_TABLE: { readonly [K in keyof Settings]: Setting<Settings[K]> } = {
  enableParallel: boolean("SHEAF_ENABLE_PARALLEL", true),
  mode: oneOf("SHEAF_EXECUTION_MODE", "auto", ["sequential", "auto", "parallel"]),
  wasteShare: {
    env: "SHEAF_WASTE_SHARE",
    fallback: 0.5,
    expected: "a share from 0 to 1",
    accepts: (value) => typeof value === "number" && value >= 0 && value <= 1,
    parse: parseNumber,
  },
  wasteUsd: {
    env: "SHEAF_WASTE_USD",
    fallback: null,
    expected: "an amount in USD, 0 or more",
    accepts: (value) => value === null || (typeof value === "number" && value >= 0 && Number.isFinite(value)),
    parse: parseNumber,
  },
  wasteTokens: {
    env: "SHEAF_WASTE_TOKENS",
    fallback: null,
    expected: "a whole number of tokens, 0 or more",
    accepts: (value) => value === null || (Number.isSafeInteger(value) && (value as number) >= 0),
    parse: parseNumber,
  },
  maxWorkers: whole("SHEAF_MAX_WORKERS", 3, { least: 1, most: 10_000, what: "how many tasks run at once" }),
  order: oneOf("SHEAF_ORDER", "list", ["list", "free"]),
  schedule: oneOf("SHEAF_SCHEDULE", "ready", ["ready", "levels"]),
  consistency: oneOf("SHEAF_CONSISTENCY", "serial", ["serial", "trust-graph"]),
  onFailure: oneOf("SHEAF_ON_FAILURE", "continue", ["continue", "stop", "cancel"]),
  executor: oneOf("SHEAF_EXECUTOR", "auto", ["auto", "inline", "thread", "process"]),
  useProcessPool: boolean("SHEAF_USE_PROCESS_POOL", false),
  maxMemoryMb: whole("SHEAF_MAX_MEMORY_MB", 2_000, {
    least: 64,
    most: 16_777_216,
    what: "MiB for one worker",
  }),
  minFreeDiskMb: whole("SHEAF_MIN_FREE_DISK_MB", 100, {
    least: 0,
    most: 1_073_741_824,
    what: "MiB left free",
  }),
  taskTimeoutMs: duration("SHEAF_TASK_TIMEOUT", 3_600_000, 1),
  maxRestarts: whole("SHEAF_MAX_RESTARTS", 1, { least: 0, most: 100, what: "restarts after a lost worker" }),
  retryDelayMs: duration("SHEAF_RETRY_DELAY", 1_000, 0),
  tags: {
    env: "SHEAF_TAGS",
    fallback: {},
    expected: "limits by tag, each at least 1 (in the environment: llm=8,gpu=1)",
    accepts: (value) =>
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every(isLimit),
    parse: parseTags,
  },
  autoDetectDeps: boolean("SHEAF_AUTO_DETECT_DEPS", true),
  useLlmDeps: oneOf<boolean | "always">("SHEAF_USE_LLM_DEPS", true, [true, false, "always"]),
  verifyDeps: whole("SHEAF_VERIFY_DEPS", 0, { least: 0, most: 9, what: "votes about needs that matter" }),
  model: {
    env: "SHEAF_MODEL",
    fallback: "gpt-4o-mini",
    expected: "the name of a model",
    accepts: (value) => typeof value === "string" && value.trim() !== "",
    parse: (text) => text.trim(),
  },
  modelBaseUrl: {
    ...optionalText("SHEAF_MODEL_BASE_URL", "an http(s) URL"),
    accepts: (value) => value === null || isUrl(value),
  },
  modelApiKey: optionalText("SHEAF_MODEL_API_KEY", "a key"),
  modelTemperature: {
    env: "SHEAF_MODEL_TEMPERATURE",
    fallback: null,
    expected: "a temperature from 0 to 2",
    accepts: (value) => value === null || (typeof value === "number" && value >= 0 && value <= 2),
    parse: parseNumber,
  },
  modelEffort: {
    env: "SHEAF_MODEL_EFFORT",
    fallback: null,
    expected: `one of ${MODEL_EFFORTS.join(", ")}`,
    accepts: (value) => value === null || MODEL_EFFORTS.includes(value as ModelEffort),
    parse: (text) => text.trim().toLowerCase(),
  },
  analysisTimeoutMs: duration("SHEAF_ANALYSIS_TIMEOUT", 60_000, 1),
  tracking: boolean("SHEAF_TRACKING", true),
  trackSubprocesses: boolean("SHEAF_TRACK_SUBPROCESSES", false),
  memo: {
    env: "SHEAF_MEMO",
    fallback: false,
    expected: `${MEMO_EXPECTED} (in the environment: a boolean or a scope)`,
    accepts: isMemo,
    parse: parseMemo,
    json: MEMO_JSON,
  },
  memoStore: optionalText("SHEAF_MEMO_STORE", "a path of a folder"),
  memoTtlMs: duration("SHEAF_MEMO_TTL", 0, 0),
  prices: {
    ...optionalText("SHEAF_PRICES", "prices by provider and model, or the path of a JSON file with them"),
    accepts: (value) =>
      value === null ||
      (typeof value === "string" ? value.trim() !== "" : typeof value === "object" && !Array.isArray(value)),
    json: { type: ["string", "object", "null"] },
  },
  routes: {
    env: "SHEAF_ROUTES",
    fallback: null,
    expected: ROUTES_EXPECTED,
    accepts: (value) => value === null || isRouteList(value),
    parse: split,
    json: { type: ["array", "null"], items: { type: "string" }, minItems: 1, uniqueItems: true },
  },
  budgets: {
    env: "SHEAF_BUDGET",
    fallback: [],
    expected:
      'budgets, as { limit: { usd: 2 }, window: "run" } (in the environment: 2usd,200000tokens/day,9usd/month:route=writing)',
    accepts: (value) => Array.isArray(value) && value.every((each) => budgetProblem(each) === undefined),
    parse: parseBudgets,
    json: BUDGETS_JSON,
  },
  staging: oneOf("SHEAF_STAGING", "auto", ["auto", "copy", "hardlink", "overlay"]),
  frozen: {
    env: "SHEAF_FROZEN",
    fallback: DEFAULT_FROZEN,
    expected: "globs below the shared directory (in the environment: separated by commas)",
    accepts: (value) => Array.isArray(value) && value.every((glob) => pathProblem(glob) === undefined),
    parse: split,
  },
  policies: {
    env: "SHEAF_POLICIES",
    fallback: {},
    expected: `globs below the shared directory, each with one of ${POLICY_NAMES.join(", ")} (in the environment: logs/**=append,tmp/**=temp)`,
    accepts: isPolicyMap,
    parse: parsePolicies,
  },
  retain: oneOf("SHEAF_RETAIN", "failed", ["failed", "all", "none"]),
  durability: oneOf("SHEAF_DURABILITY", "process", ["process", "power"]),
  replay: oneOf("SHEAF_REPLAY", "rerun", ["rerun", "retry"]),
  rootHash: boolean("SHEAF_ROOT_HASH", false),
  home: optionalText("SHEAF_HOME", "a path of a folder"),
  trace: boolean("SHEAF_TRACE", true),
};
