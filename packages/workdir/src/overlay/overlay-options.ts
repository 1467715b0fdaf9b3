import { release } from "node:os";

/** The layers of one mount; without `upper` the mount is read-only. */
export interface OverlayLayers {
  /** Topmost first. */
  readonly lower: readonly string[];
  readonly upper?: { readonly folder: string; readonly work: string };
}

/** First kernel that has `volatile`: without it every unmount writes the whole file system to disk. */
const VOLATILE_SINCE = [5, 10] as const;

function hasVolatile(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  return major > VOLATILE_SINCE[0] || (major === VOLATILE_SINCE[0] && minor >= VOLATILE_SINCE[1]);
}

/** Returns the folders of the layers in the order in which `overlayOptions` numbers them. */
export function layerFolders(layers: OverlayLayers): readonly string[] {
  const { lower, upper } = layers;
  return upper === undefined ? lower : [...lower, upper.folder, upper.work];
}

/**
 * Returns the option string for mounting layers whose folders are open as these descriptors.
 *
 * Paths in options would need "," ":" and "\" escaped, which the kernel and `mount` read differently, and 64 of them
 * do not fit into the one page that mount(2) takes. Descriptors are short and need no escape.
 */
export function overlayOptions(
  layers: OverlayLayers,
  descriptors: readonly number[],
  how: { readonly root: boolean; readonly kernel?: string },
): string {
  const paths = descriptors.map((descriptor) => `/proc/self/fd/${descriptor}`);
  const count = layers.lower.length;
  // Layers must mean the same wherever they are stacked: no redirects, no files whose bytes are in another layer.
  const own = how.root ? "redirect_dir=nofollow,metacopy=off" : "userxattr";
  const options = [`lowerdir=${paths.slice(0, count).join(":")}`, own];
  if (layers.upper !== undefined) {
    options.push(`upperdir=${paths[count]}`, `workdir=${paths[count + 1]}`, "index=off");
    if (hasVolatile(how.kernel ?? release())) options.push("volatile");
  }
  return options.join(",");
}
