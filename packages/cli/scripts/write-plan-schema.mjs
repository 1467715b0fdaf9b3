// Writes plan.schema.json, the JSON Schema of plan files. Needs the compiled package.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { planJsonSchema } from "../dist/plan-file/plan-schema.js";

const path = fileURLToPath(new URL("../plan.schema.json", import.meta.url));
writeFileSync(path, `${JSON.stringify(planJsonSchema(), null, 2)}\n`);
