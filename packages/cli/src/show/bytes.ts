const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/**
 * Shows a number of bytes to people, in powers of 1,024.
 *
 * @example formatBytes(1_572_864) // "1.5 MiB"
 */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1_023.95 && unit < UNITS.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`;
}
