export interface Bar {
  readonly label: string;
  readonly value: number;
}

const ROW = 22;
const LABELS = 230;
const WIDTH = 760;

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Draws horizontal bars as an SVG picture. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(1e-9, ...bars.map((bar) => bar.value));
  const height = 50 + bars.length * ROW;
  const rows = bars.map(({ label, value }, i) => {
    const y = 40 + i * ROW;
    const length = ((WIDTH - LABELS - 80) * value) / most;
    const figure = Number.isInteger(value) ? String(value) : value.toFixed(1);
    return [
      `<text x="${LABELS - 8}" y="${y + 14}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${LABELS}" y="${y + 2}" width="${length.toFixed(1)}" height="${ROW - 6}" fill="#4477aa"/>`,
      `<text x="${(LABELS + length + 6).toFixed(1)}" y="${y + 14}">${figure}</text>`,
    ].join("\n");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="12" y="24" font-size="16">${escaped(title)}</text>`,
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}
