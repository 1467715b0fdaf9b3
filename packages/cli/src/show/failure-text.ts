import type { TaskFailure } from "@sheaf/core";
import { formatDuration } from "./duration.ts";
import { fitText, manyLines, oneLine } from "./fit-text.ts";

const LONGEST_MESSAGE = 300;

interface CommandDetails {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderrTail: string;
}

function detailsOf(failure: TaskFailure): Readonly<Record<string, unknown>> {
  const details = failure.error.fields?.details;
  return typeof details === "object" && details !== null ? (details as Record<string, unknown>) : {};
}

function commandDetails(failure: TaskFailure): CommandDetails | null {
  if (failure.error.code !== "COMMAND_FAILED") return null;
  return detailsOf(failure) as unknown as CommandDetails;
}

/** The attempt took an output that was not there yet; the task runs again in its turn. */
export function tookTooEarly(failure: TaskFailure | null | undefined): boolean {
  return failure?.error.code === "INPUT_NOT_READY";
}

/** Says in a few words what ended an attempt: `exit code 3`, `timed out after 2m00s`, `TypeError: no such field`. */
export function failureText(failure: TaskFailure): string {
  const command = commandDetails(failure);
  if (command !== null) {
    return command.signal === null ? `exit code ${command.exitCode}` : `ended by ${command.signal}`;
  }
  const { timeoutMs, idleTimeoutMs, from } = detailsOf(failure);
  if (failure.kind === "timeout" && typeof timeoutMs === "number") {
    return `timed out after ${formatDuration(timeoutMs)}`;
  }
  if (failure.kind === "idle" && typeof idleTimeoutMs === "number") {
    return `showed no sign of life for ${formatDuration(idleTimeoutMs)}`;
  }
  if (tookTooEarly(failure)) return `took the output of ${from} too early`;
  const { name, message } = failure.error;
  const named = name === "Error" || name === "SheafError" || name === "NonError" ? "" : `${name}: `;
  return fitText(oneLine(`${named}${message}`), LONGEST_MESSAGE);
}

/** The end of what a failed command wrote to its standard error, or null when that is nothing or it was no command. */
export function stderrTail(failure: TaskFailure): readonly string[] | null {
  const tail = commandDetails(failure)?.stderrTail ?? "";
  return tail === "" ? null : manyLines(tail);
}

/** What failed, in one line; of a command also the last thing that it said. */
export function failureLine(failure: TaskFailure): string {
  const last = stderrTail(failure)?.findLast((line) => line.trim() !== "");
  return last === undefined ? failureText(failure) : `${failureText(failure)}: ${oneLine(last)}`;
}
