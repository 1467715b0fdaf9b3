import { SheafError } from "@sheaf/core";

/** Pico-dollars in a dollar. */
const DOLLAR = 10n ** 12n;
const MICRO_DOLLAR = 10n ** 6n;
const PRINTED_NUMBER = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/**
 * Returns an amount in integer pico-dollars (1e-12 USD), in which sums are exact.
 *
 * The decimal number that JavaScript prints for `usd` is taken, not its binary neighbour; half a pico-dollar is
 * rounded up.
 *
 * @throws SheafError USAGE_INVALID when `usd` is negative or not finite.
 * @example usdToPico(0.1) // 100000000000n
 */
export function usdToPico(usd: number): bigint {
  if (!Number.isFinite(usd) || usd < 0) {
    throw new SheafError("USAGE_INVALID", { field: "costUsd", expected: "a finite number >= 0", got: usd });
  }
  const [, whole = "0", fraction = "", exponent = "0"] = PRINTED_NUMBER.exec(String(usd)) ?? [];
  const digits = BigInt(whole + fraction);
  const shift = 12 + Number(exponent) - fraction.length;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const unit = 10n ** BigInt(-shift);
  return (digits + unit / 2n) / unit;
}

/**
 * Returns the nearest number of dollars.
 *
 * @example picoToUsd(45_000_000n) // 0.000045
 */
export function picoToUsd(pico: bigint): number {
  const near = Number(pico);
  if (Number.isSafeInteger(near)) return near / 1e12; // both sides exact, so the quotient is rounded once
  const sign = pico < 0n ? "-" : "";
  const size = pico < 0n ? -pico : pico;
  return Number(`${sign}${size / DOLLAR}.${(size % DOLLAR).toString().padStart(12, "0")}`);
}

/**
 * Shows an amount to people: cents from a dollar on, at most six decimals below it, all twelve below a
 * micro-dollar. `null` is an unknown amount.
 *
 * @example formatUsd(45_000_000n) // "$0.000045"
 */
export function formatUsd(pico: bigint | null): string {
  if (pico === null) return "unknown";
  const size = pico < 0n ? -pico : pico;
  const decimals = size >= DOLLAR ? 2 : size >= MICRO_DOLLAR ? 6 : 12;
  const unit = 10n ** BigInt(12 - decimals);
  const digits = ((size + unit / 2n) / unit).toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(-decimals).replace(/0+$/, "").padEnd(2, "0");
  return `${pico < 0n ? "-" : ""}$${digits.slice(0, -decimals)}.${fraction}`;
}
