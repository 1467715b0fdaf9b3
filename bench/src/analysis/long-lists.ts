/** What a task declares. */
interface Files {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** Many tasks of one kind. */
export interface LongList {
  readonly name: string;
  task(i: number): Files;
}

export const TASKS = 10_000;

const LAYER = 100;

/** Lists whose files meet in different ways. */
export const LONG_LISTS: readonly LongList[] = [
  {
    name: "a chain",
    task: (i) => ({ reads: i === 0 ? [] : [`out/${i - 1}`], writes: [`out/${i}`] }),
  },
  {
    name: "layers of 100, each task after two",
    task: (i) => ({
      reads: i < LAYER ? ["data/in.csv"] : [`out/${i - LAYER}`, `out/${i - LAYER + 1}`],
      writes: [`out/${i}`, `logs/${i}.txt`],
    }),
  },
  {
    name: "parts that the last task puts together",
    task: (i) =>
      i === TASKS - 1
        ? { reads: ["parts/**"], writes: ["all.txt"] }
        : { reads: ["src"], writes: [`parts/${i}/x.txt`] },
  },
  {
    name: "all read and write one file",
    task: () => ({ reads: ["notes.md"], writes: ["notes.md"] }),
  },
];
