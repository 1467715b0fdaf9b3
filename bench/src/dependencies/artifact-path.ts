// "$var1.short_name" and "$var1[0]" are parts of what "$var1" holds.
const PART_OF_VARIABLE = /^(\$[\p{L}\p{N}_]+)[.[](.+)$/su;

/**
 * Returns the path that stands for what a list calls by this name, in the tasks that the analyzer is given. Each name
 * has a path of its own, one that leads below the shared directory and means the same as a glob. A part of a variable
 * lies below the path of the variable, as a part of a folder does anyway.
 *
 * @example artifactPath("reads/a+b.bam") // "reads/a%2b;b.bam"
 * @example artifactPath("$var1.short_name") // "$var1/short_name"
 */
export function artifactPath(name: string): string {
  const part = PART_OF_VARIABLE.exec(name);
  const path = part === null ? name : `${part[1]}/${part[2]}`;
  return path.split("/").map(segmentOf).join("/");
}

function segmentOf(name: string): string {
  if (name === "") return "%;";
  const isDots = name === "." || name === "..";
  return name.replace(
    isDots ? /./g : /[^\p{L}\p{N}\p{M}_.$-]/gu,
    (sign) => `%${sign.codePointAt(0)!.toString(16)};`,
  );
}
