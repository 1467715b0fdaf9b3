/** File in the folder of outputs that lists all task ids in serial order. */
export const ORDER_FILE = "order.json";

/** Name of the file that holds a task's output. */
export const outputFile = (id: string): string => `${id}.output`;
