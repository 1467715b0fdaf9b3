import { defineAgent } from "sheaf/agent";
import { STEPS } from "./steps.ts";

/** Does any step of the audit in the work directory that it is given. */
export const auditor = defineAgent(
  {
    name: "auditor",
    run: (task, ctx) => STEPS[task.id]!(ctx.dir),
  },
  import.meta.url,
);
