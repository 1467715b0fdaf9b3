/**
 * Shows a time span to people: `340ms`, `12.3s`, `2m05s`, `3h07m`.
 *
 * @example formatDuration(125_400) // "2m05s"
 */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1_000) return `${whole}ms`;
  const tenths = Math.round(whole / 100);
  return tenths < 600 ? `${(tenths / 10).toFixed(1)}s` : formatSeconds(Math.round(whole / 1_000));
}

/**
 * Shows a time span that is still growing, in whole seconds, so that it does not flicker.
 *
 * @example formatAge(8_900) // "8s"
 */
export function formatAge(ms: number): string {
  return formatSeconds(Math.max(0, Math.floor(ms / 1_000)));
}

function formatSeconds(seconds: number): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h${two(Math.floor((seconds % 3_600) / 60))}m`;
}
