import { APIError } from "openai";
import { statusOf } from "./retry.ts";

// What servers say: OpenAI, Azure, vLLM, llama.cpp, LM Studio, Mistral, Gemini, xAI, Groq and the proxies before them.
const TOO_LONG = [
  /context[ _](length|size|window|limit)/,
  /max(imum)? (prompt|model) length|maximum number of tokens|token limit/,
  /(prompt|input|request|entity|string|messages?)( is| are)? too (long|large)|too (long|large) for( the)? model/,
  /(token count.{0,20}|tokens|prompt) exceeds?|tokens.{0,30} must be <=|too many tokens|reduce the length/,
];
/** Behind that a message may repeat what it was asked. */
const LONGEST_SAYING = 300;
const TOO_LARGE = 413;
const TOO_OFTEN = 429;

/** Tells whether a server has refused a request for its length alone. */
export function isTooLong(error: unknown): boolean {
  if (!(error instanceof APIError)) return false;
  if (error.code === "context_length_exceeded" || statusOf(error) === TOO_LARGE) return true;
  const saying = error.message.slice(0, LONGEST_SAYING).toLowerCase();
  // A limit of tokens a minute passes by itself, unless one request alone is over it.
  if (statusOf(error) === TOO_OFTEN) return saying.includes("request too large");
  return TOO_LONG.some((form) => form.test(saying));
}
