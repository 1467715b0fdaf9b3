import type { MountWay } from "./mount-protocol.ts";

/** Whether overlays work on a folder, and if not, why and what helps, as sentences for a person. */
export type OverlayVerdict =
  | { readonly ok: true; readonly how: MountWay; readonly as: "root" | "user" }
  | { readonly ok: false; readonly why: string; readonly remedy: string };
