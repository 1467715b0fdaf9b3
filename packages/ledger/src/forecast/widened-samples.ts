import type { WorkSample } from "./work-samples.ts";

/**
 * Returns samples further away from their mean, each of its figures, by the factor sqrt((n + 1) / (n - 1)), at least 0.
 *
 * A value that is still to come scatters about the mean of n values with the variance s^2 (1 + 1/n), where
 * s^2 = sum (x - mean)^2 / (n - 1); one that is drawn from the n values scatters with sum (x - mean)^2 / n alone, so
 * few of them promise too little. One value says nothing about how it scatters, and stays.
 *
 * Source: the prediction interval of a normal distribution, as in S. Geisser, Predictive Inference (1993), 2.2; the
 * quantile is taken of the values in place of Student's t. docs/testing.md says how often it holds.
 */
export function widenedSamples(samples: readonly WorkSample[]): readonly WorkSample[] {
  const counts = widened(
    samples.flatMap(({ tokens }) => (tokens === null ? [] : BigInt(Math.round(tokens)))),
  );
  const costs = widened(samples.flatMap(({ pico }) => pico ?? []));
  const us = widened(samples.map(({ ms }) => BigInt(Math.round(ms * 1_000))));
  const next = { count: 0, cost: 0 };
  return samples.map(({ tokens, pico }, i) => ({
    tokens: tokens === null ? null : Number(counts[next.count++]!),
    pico: pico === null ? null : costs[next.cost++]!,
    ms: Number(us[i]!) / 1_000,
  }));
}

// In whole numbers, so that values that are all the same stay as they are.
function widened(values: readonly bigint[]): readonly bigint[] {
  const count = values.length;
  if (count < 2) return values;
  const sum = values.reduce((all, value) => all + value, 0n);
  const more = (Math.sqrt((count + 1) / (count - 1)) - 1) / count;
  return values.map((value) => {
    const wide = value + BigInt(Math.round(more * Number(value * BigInt(count) - sum)));
    return wide < 0n ? 0n : wide;
  });
}
