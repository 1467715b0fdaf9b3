import { fileURLToPath } from "node:url";

/** Root of the checkout, wherever the command was started. */
export const repository: string = fileURLToPath(new URL("../../", import.meta.url));
