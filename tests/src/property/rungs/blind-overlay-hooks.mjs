// Puts something in front of modules of the product as they are loaded, so that a proof can be seen to notice.
let blind = "";

export function initialize(what) {
  blind = decodeURIComponent(what);
}

const REAL = "?real";
const module = (source) => ({ format: "module", shortCircuit: true, source });

/** Hides paths from the reader of an upper folder: those that a whiteout there hides, or those that a new folder hides. */
const takenChanges = (url, hidesWhiteouts) => `
  import { lstatSync } from "node:fs";
  import { join } from "node:path";
  import * as real from ${JSON.stringify(`${url}${REAL}`)};
  const isWhiteout = (path) => lstatSync(path, { throwIfNoEntry: false })?.isCharacterDevice() === true;
  export const takeChanges = (request) => {
    const isSeen = ({ path, kind }) => kind !== "gone" || isWhiteout(join(request.upper, path)) !== ${hidesWhiteouts};
    return real.takeChanges({ ...request, found: request.found.filter(isSeen) });
  };`;

/** Layers in which nothing is ever hidden. */
const WHITEOUTS = "export class Whiteouts { async put() {} }";

export function load(url, context, next) {
  if (blind === "layers" && url.endsWith("/overlay/whiteouts.js")) return module(WHITEOUTS);
  const reads = blind === "whiteouts" || blind === "opaque folders";
  if (reads && url.endsWith("/overlay/taken-changes.js"))
    return module(takenChanges(url, blind === "whiteouts"));
  return next(url, context);
}
