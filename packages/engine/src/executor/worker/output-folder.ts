import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AttemptInputs } from "@sheaf/core";
import { ORDER_FILE, outputFile } from "../output-files.ts";
import type { WireRequest } from "./wire.ts";

/** Reads the outputs of earlier tasks: those that came along with the attempt, else from the run's folder. */
export function workerInputs(request: WireRequest): Pick<AttemptInputs, "isBefore" | "before" | "output"> {
  const { along, outputs, task } = request;
  let known: ReadonlySet<string> | undefined;
  const idsBefore = (): ReadonlySet<string> => {
    if (known === undefined) {
      const order = JSON.parse(readFileSync(join(outputs, ORDER_FILE), "utf8")) as readonly string[];
      known = new Set(order.slice(0, order.indexOf(task.id)));
    }
    return known;
  };
  const isBefore = (id: string): boolean => along.has(id) || idsBefore().has(id);
  return {
    isBefore,
    before: () => [...idsBefore()],
    output(id) {
      const sent = along.get(id);
      if (sent !== undefined || !isBefore(id)) return sent;
      const path = join(outputs, outputFile(id));
      return existsSync(path) ? readFileSync(path) : undefined;
    },
  };
}
