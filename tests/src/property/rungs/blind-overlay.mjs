// Given to Node by `--import`: makes the overlays of this process blind to something, named after the "?".
import { register } from "node:module";

const url = new URL(import.meta.url);
register("./blind-overlay-hooks.mjs", { parentURL: import.meta.url, data: url.search.slice(1) });
