// Ages and sizes as flags give them.
import { SheafError } from "@sheaf/core";

const MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const BYTES: Readonly<Record<string, number>> = {
  "": 1,
  K: 1_024,
  M: 1_024 ** 2,
  G: 1_024 ** 3,
  T: 1_024 ** 4,
};

/**
 * Returns an age in ms.
 *
 * @throws SheafError OPTION_INVALID naming the flag.
 * @example parseAge("--older-than", "7d") // 604_800_000
 */
export function parseAge(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text.trim()) ?? [];
  if (number !== undefined) return Number(number) * MS[unit!]!;
  throw new SheafError("OPTION_INVALID", { option, expected: "an age such as 12h, 7d or 4w", got: text });
}

/**
 * Returns a size in bytes; K, M, G and T are powers of 1,024.
 *
 * @throws SheafError OPTION_INVALID naming the flag.
 * @example parseSize("--max-size", "2G") // 2_147_483_648
 */
export function parseSize(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text.trim()) ?? [];
  if (number !== undefined) return Number(number) * BYTES[unit!.toUpperCase()]!;
  throw new SheafError("OPTION_INVALID", { option, expected: "a size such as 500M or 2G", got: text });
}

/** @throws SheafError OPTION_INVALID naming the flag. */
export function parseCount(option: string, text: string): number {
  if (/^\d+$/.test(text.trim())) return Number(text);
  throw new SheafError("OPTION_INVALID", { option, expected: "a whole number", got: text });
}

/**
 * Returns an amount in USD.
 *
 * @throws SheafError OPTION_INVALID naming the flag.
 * @example parseUsd("--max-usd", "$0.25") // 0.25
 */
export function parseUsd(option: string, text: string): number {
  const [, number] = /^\$?(\d+(?:\.\d+)?)$/.exec(text.trim()) ?? [];
  if (number !== undefined) return Number(number);
  throw new SheafError("OPTION_INVALID", {
    option,
    expected: "an amount in USD such as 5 or 0.25",
    got: text,
  });
}
