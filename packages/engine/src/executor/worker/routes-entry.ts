// A process that writes the snapshot of routes once. What goes wrong here goes wrong beside the run.
import { once } from "node:events";
import { openIndex } from "@sheaf/ledger";
import type { SnapshotOrder } from "../write-snapshot.ts";

async function write({ stateDir, url, now, routes }: SnapshotOrder): Promise<readonly string[]> {
  const index = await openIndex({ stateDir, url });
  try {
    await index.update();
    await index.keepSnapshot({ now, routes });
    return index.notes;
  } finally {
    await index.close();
  }
}

const [order] = await once(process, "message");
const faults = await write(order as SnapshotOrder).catch((error: unknown) => [
  error instanceof Error ? error.message : String(error),
]);
process.send?.(faults, () => process.disconnect());
