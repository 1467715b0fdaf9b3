import { SheafError } from "@sheaf/core";
import { SETTING_TABLE } from "./setting-table.ts";
import type { Setting, Settings } from "./settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of a run, and what looked wrong without being refused. */
export interface ReadSettings {
  readonly settings: Settings;
  /** Settings that code or the environment says something about. */
  readonly given: ReadonlySet<keyof Settings>;
  readonly warnings: readonly string[];
}

function check(setting: Setting<unknown>, option: string, value: unknown): void {
  if (setting.accepts(value)) return;
  throw new SheafError("OPTION_INVALID", { option, expected: setting.expected, got: value });
}

function fromEnvironment(setting: Setting<unknown>, environment: Environment): unknown {
  const text = environment[setting.env];
  // A variable that is set to nothing is as good as not set, as shells and CI systems leave them behind.
  if (text === undefined || text.trim() === "") return undefined;
  const value = setting.parse(text);
  if (setting.accepts(value)) return value;
  throw new SheafError("OPTION_INVALID", { option: setting.env, expected: setting.expected, got: text });
}

/**
 * Returns the settings for one run: what code says, else what the environment says, else the default.
 *
 * @throws SheafError OPTION_INVALID naming the option or the variable, what it must be and what it is.
 */
export function readSettings(options: Partial<Settings>, environment: Environment): ReadSettings {
  const settings: Record<string, unknown> = {};
  const told = new Set<keyof Settings>();
  for (const [name, setting] of Object.entries(SETTING_TABLE) as [keyof Settings, Setting<unknown>][]) {
    const given = options[name];
    if (given !== undefined) check(setting, name, given);
    const value = given ?? fromEnvironment(setting, environment);
    if (value !== undefined) told.add(name);
    settings[name] = value ?? setting.fallback;
  }
  settings.modelBaseUrl ??= environment.OPENAI_BASE_URL?.trim() || null;
  settings.modelApiKey ??= environment.OPENAI_API_KEY?.trim() || null;
  return {
    settings: Object.freeze(settings) as unknown as Settings,
    given: told,
    warnings: unknownVariables(environment),
  };
}

/** Variables of this form that are no settings: for other parts of Sheaf, or for tasks, which may start a run, too. */
const OTHERS = new Set([
  ...["SHEAF_DATABASE_URL", "SHEAF_NO_FFI", "SHEAF_WORKER"],
  ...["SHEAF_RUN_ID", "SHEAF_TASK_ID", "SHEAF_COST_DIR", "SHEAF_LOGS_DIR", "SHEAF_TEMP_DIR"],
  ...["SHEAF_GATEWAY_URL", "SHEAF_GATEWAY_TOKEN", "SHEAF_GATEWAY_CONNECTIONS"],
  ...["SHEAF_TRACK_LOG", "SHEAF_TRACK_ROOT", "SHEAF_TRACK_COVERED"],
]);
const INPUT = /^SHEAF_INPUT_\d+$/;

const isOther = (name: string): boolean => OTHERS.has(name) || INPUT.test(name);

function unknownVariables(environment: Environment): readonly string[] {
  const known = Object.values(SETTING_TABLE).map((setting) => setting.env);
  return Object.keys(environment)
    .filter((name) => name.startsWith("SHEAF_") && !known.includes(name) && !isOther(name))
    .map((name) => {
      const near = known.find((other) => isNear(name, other));
      return `The variable ${name} is not known and has no effect.${near === undefined ? "" : ` Did you mean ${near}?`}`;
    });
}

/** Tells whether two names differ by at most two letters. */
export function isNear(a: string, b: string, most = 2): boolean {
  if (Math.abs(a.length - b.length) > most) return false;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]! <= most;
}
