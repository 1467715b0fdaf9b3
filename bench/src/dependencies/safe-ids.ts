import { idProblem, MAX_ID_LENGTH, type TaskId, taskId } from "@sheaf/core";

// Room for what tells two ids apart that look the same now.
const LONGEST_STEM = MAX_ID_LENGTH - 10;

/**
 * Returns ids that tasks may have: those given where they may be ids, else like them, with "_" for each sign that ids
 * do not hold. Ids that differ stay different.
 *
 * @example safeIds(["fit", "NF:FIT (1)"]) // ["fit", "NF_FIT__1_"]
 */
export function safeIds(ids: readonly string[]): readonly TaskId[] {
  const taken = new Set(ids.filter((id) => idProblem(id) === undefined));
  return ids.map((id) => {
    if (taken.has(id)) return taskId(id);
    const stem = stemOf(id);
    let safe = stem;
    for (let n = 2; taken.has(safe); n++) safe = `${stem}_${n}`;
    taken.add(safe);
    return taskId(safe);
  });
}

function stemOf(id: string): string {
  const plain = id.normalize("NFC").replace(/[^\p{L}\p{N}\p{M}._-]/gu, "_");
  const start = /^[\p{L}\p{N}_]/u.test(plain) ? plain : `_${plain}`;
  return [...start].slice(0, LONGEST_STEM / 2).join("");
}
