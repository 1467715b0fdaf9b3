import { readFileSync } from "node:fs";
import { BadInput } from "./bad-input.ts";

/** Known shortest makespans of files, for numbers of processors. */
export interface Optima {
  /** The optimum of a file, or null where none is known. The row's file is the end of the path. */
  find(file: string, processors: number): number | null;
}

interface OptimumRow {
  readonly file: string;
  readonly processors: number;
  /** Null for a range: the optimum lies in it, but which it is was not proven. */
  readonly optimum: number | null;
}

/**
 * Reads optima from CSV files with rows `file,processors,optimum` or `file,processors,low,high`.
 *
 * @throws BadInput
 */
export function readOptima(files: readonly string[]): Optima {
  const rows = files.flatMap((file) => {
    try {
      return parseOptima(readFileSync(file, "utf8"));
    } catch (error) {
      if (error instanceof BadInput) throw new BadInput(`${file}: ${error.message}`);
      throw new BadInput(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  });
  const known = new Map(rows.map((row) => [`${row.processors} ${row.file}`, row.optimum]));
  return {
    find(file, processors) {
      const parts = file.split(/[\\/]/);
      for (let i = 0; i < parts.length; i++) {
        const optimum = known.get(`${processors} ${parts.slice(i).join("/")}`);
        if (optimum !== undefined) return optimum;
      }
      return null;
    },
  };
}

/**
 * Reads the rows of one CSV file.
 *
 * @throws BadInput
 * @example parseOptima("50/rand0000.stg,2,131") // [{ file: "50/rand0000.stg", processors: 2, optimum: 131 }]
 */
function parseOptima(text: string): readonly OptimumRow[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === "") return [];
    const [file, ...numbers] = line.split(",").map((field) => field.trim());
    const [processors, optimum, high] = numbers.map((field) => (field === "" ? Number.NaN : Number(field)));
    const sound =
      numbers.length >= 2 && numbers.length <= 3 && [processors, optimum, high ?? 0].every(Number.isFinite);
    if (!sound)
      throw new BadInput(`line ${i + 1}: expected file,processors,optimum or file,processors,low,high`);
    return [
      {
        file: file!,
        processors: processors!,
        optimum: high === undefined || high === optimum ? optimum! : null,
      },
    ];
  });
}
