import picocolors from "picocolors";

type Paint = (text: string) => string;

/** The few ways in which output is set off: three colours with one meaning each, and weight. */
export interface Palette {
  /** What went wrong. */
  readonly bad: Paint;
  /** What went well. */
  readonly good: Paint;
  /** What wants attention. */
  readonly warn: Paint;
  readonly strong: Paint;
  readonly faint: Paint;
}

const PLAIN = paletteOf({ color: false });

function paletteOf({ color }: { readonly color: boolean }): Palette {
  const { red, green, yellow, bold, dim } = picocolors.createColors(color);
  return { bad: red, good: green, warn: yellow, strong: bold, faint: dim };
}

const COLORED = paletteOf({ color: true });

/** Returns the paints for a terminal, or such that leave text as it is. */
export function palette({ color = false }: { readonly color?: boolean }): Palette {
  return color ? COLORED : PLAIN;
}
