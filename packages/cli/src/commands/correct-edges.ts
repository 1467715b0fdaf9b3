// Has the user correct the edges of a plan, in a file of their own until it can be used.
//
// Owns:     the text under way, `edges.edit.txt`, and `edges.edit.json`, what it was when it was shown.
// Invariant: a text that the user has changed is removed only once all that it says is remembered.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  type CorrectionsChange,
  correctionsFile,
  keepCorrections,
  type PlannedRun,
  problemAt,
  readCorrections,
  readStatements,
  replaceText,
} from "@sheaf/engine";
import { changesIn, type EditText, editText } from "../corrections/edit-text.ts";
import { counted } from "../show/counted.ts";
import { EXIT, type Io } from "./io.ts";
import { editorOf, openEditor } from "./open-editor.ts";
import { sayError, sayProblems } from "./say-error.ts";

/** What came of it. */
export interface Correcting {
  readonly exitCode: number;
  /** Other corrections hold than before. */
  readonly changed: boolean;
}

export interface CorrectEdgesOptions {
  /** Plan file as the user named it. */
  readonly path: string;
  readonly io: Io;
}

/** A text that somebody is to change. */
interface Draft {
  readonly file: string;
  readonly shown: EditText;
  /** It was changed already, and could not be used then. */
  readonly pending: boolean;
}

/**
 * Opens the edges of a plan in the user's editor and remembers what was changed.
 *
 * @throws SheafError DIR_UNUSABLE when nothing can be kept
 */
export async function correctEdges(
  planned: PlannedRun,
  { path, io }: CorrectEdgesOptions,
): Promise<Correcting> {
  const stateDir = planned.stateDir!;
  const kept = readCorrections(stateDir);
  if (kept.problems.length > 0) return failed(sayProblems(kept.problems, io));
  const draft = takeDraft(stateDir, () => editText(planned, kept.statements, path));
  const edited = await letEdit(draft, io);
  if ("exitCode" in edited) return edited;
  const change = readChange(edited.text, draft, { planned, io });
  if (change === null) return failed(EXIT.badInput);
  const [added, removed] = [change.added.length, change.removed.length];
  const changed = added + removed > 0;
  if (changed) {
    keepCorrections(stateDir, change);
    const taken = removed === 0 ? "" : `, ${removed} taken back`;
    say(`${counted(added, "correction")} added${taken}; all are in ${correctionsFile(stateDir)}.`, io);
  } else say("That changes nothing.", io);
  removeDraft(draft);
  return { exitCode: EXIT.succeeded, changed };
}

const failed = (exitCode: number): Correcting => ({ exitCode, changed: false });
const UNCHANGED: Correcting = { exitCode: EXIT.succeeded, changed: false };

const say = (text: string, io: Io): void => void io.stderr.write(`${text}\n`);
const sayKept = ({ file }: Draft, io: Io): void =>
  say(`Your text is kept in ${file}; the same command goes on with it.`, io);

/** Has a draft changed. Returns the text that is to be read, or what to end with. */
async function letEdit(draft: Draft, io: Io): Promise<{ readonly text: string } | Correcting> {
  const { file, shown, pending } = draft;
  const editor = editorOf(io);
  if (editor === null && !pending) {
    const next = `The dependencies are in ${file}: change them there, then give the same command again.`;
    sayError(`VISUAL and EDITOR name no editor. ${next}`, io);
    return failed(EXIT.badInput);
  }
  if (pending) say(`Going on with the text in ${file}. Delete it to begin anew.`, io);
  const problem = editor === null ? null : await openEditor(editor, file, io);
  const text = readText(file);
  if (problem !== null) {
    sayError(`The editor (${editor}) ${problem}, so nothing is corrected.`, io);
    if (text !== null && text !== shown.text) sayKept(draft, io);
    return failed(EXIT.failed);
  }
  if (text === null) {
    sayError(`${file} is gone or cannot be read, so nothing is corrected.`, io);
    return failed(EXIT.failed);
  }
  // The file stays: an editor that has returned at once may still write it.
  if (text === shown.text) {
    say("Nothing was changed. An editor that returns at once must be told to wait, as by `code --wait`.", io);
    return UNCHANGED;
  }
  if (text.trim() !== "") return { text };
  removeDraft(draft);
  say("The text is empty, so nothing was changed.", io);
  return UNCHANGED;
}

/** Returns what a text changes, or null when it cannot be used, which is then said. */
function readChange(
  text: string,
  draft: Draft,
  { planned, io }: { readonly planned: PlannedRun; readonly io: Io },
): CorrectionsChange | null {
  const { statements, problems } = readStatements(text, draft.file);
  const wrong: string[] = [...problems];
  const complain = (line: number, expected: string, got: string): void =>
    void wrong.push(problemAt(draft.file, line, expected, got));
  const change = changesIn(statements, draft.shown, { planned, complain });
  if (wrong.length === 0) return change;
  sayProblems(wrong, io);
  sayKept(draft, io);
  return null;
}

const shownFile = (file: string): string => file.replace(/txt$/, "json");

function takeDraft(stateDir: string, make: () => EditText): Draft {
  const file = join(stateDir, "edges.edit.txt");
  const before = readShown(shownFile(file));
  const text = readText(file);
  if (before !== null && text !== null && text !== before.text) return { file, shown: before, pending: true };
  const shown = make();
  rmSync(file, { force: true }); // it must never stand beside what another one was
  replaceText(shownFile(file), JSON.stringify(shown));
  replaceText(file, shown.text);
  return { file, shown, pending: false };
}

function removeDraft({ file }: Draft): void {
  rmSync(file, { force: true });
  rmSync(shownFile(file), { force: true });
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null; // nobody has begun one, or somebody has removed it
  }
}

function readShown(file: string): EditText | null {
  try {
    const shown = JSON.parse(readFileSync(file, "utf8")) as EditText;
    return Array.isArray(shown.found) && Array.isArray(shown.corrected) ? shown : null;
  } catch {
    return null;
  }
}
