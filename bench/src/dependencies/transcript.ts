import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { BadInput } from "../bad-input.ts";

/** What a model's server answered to one request. */
export interface Exchange {
  /** See `requestKey`. */
  readonly request: string;
  readonly status: number;
  /** Of the body, as in the header. */
  readonly contentType: string;
  readonly body: string;
}

/** Names a request by what it asks, whatever the model is called. */
export function requestKey(path: string, body: string): string {
  return createHash("sha256")
    .update(`${path}\n${withoutModel(body)}`)
    .digest("hex");
}

function withoutModel(body: string): string {
  try {
    return JSON.stringify({ ...JSON.parse(body), model: undefined });
  } catch {
    return body;
  }
}

/**
 * Makes sure that exchanges can be added to a transcript, which need not be there yet.
 *
 * @throws BadInput
 */
export function openTranscript(file: string): void {
  try {
    appendFileSync(file, "");
  } catch (error) {
    throw new BadInput(`${file}: cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Adds an exchange to the end of a transcript. */
export function appendExchange(file: string, exchange: Exchange): void {
  appendFileSync(file, `${JSON.stringify(exchange)}\n`);
}

/**
 * Reads a transcript, an exchange in each line; of two with the same request the later one holds.
 *
 * @throws BadInput
 */
export function readTranscript(file: string): ReadonlyMap<string, Exchange> {
  const exchanges = new Map<string, Exchange>();
  textOf(file)
    .split("\n")
    .forEach((line, i) => {
      if (line.trim() === "") return;
      const exchange = exchangeIn(line);
      if (exchange === null) {
        throw new BadInput(
          `${file}: line ${i + 1}: expected an answer that --model has recorded, with \`request\`, \`status\`, \`contentType\` and \`body\``,
        );
      }
      exchanges.set(exchange.request, exchange);
    });
  return exchanges;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new BadInput(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function exchangeIn(line: string): Exchange | null {
  try {
    const { request, status, contentType, body } = JSON.parse(line);
    const isOne =
      Number.isInteger(status) && [request, contentType, body].every((part) => typeof part === "string");
    return isOne ? { request, status, contentType, body } : null;
  } catch {
    return null;
  }
}
