// Four tasks that wait for a model (here: for a timer), in the time of the longest chain.
import { setTimeout as wait } from "node:timers/promises";
import { executeWithParallelism } from "sheaf";
import { ganttChart } from "sheaf/terminal";

const report = await executeWithParallelism(
  [
    { id: "research", input: 400 },
    { id: "interviews", input: 300 },
    { id: "outline", input: 200, dependsOn: ["research"] },
    { id: "article", input: 300, dependsOn: ["outline", "interviews"] },
  ],
  async (task, ctx) => {
    await wait(Number(task.input), undefined, { signal: ctx.signal });
    return [...Object.values(ctx.inputs), task.id].join(" > ");
  },
);
console.log(ganttChart(report));
console.log(report.unwrap().article);
