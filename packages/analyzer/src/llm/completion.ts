import { describeData, SheafError, show, type UsageRecord } from "@sheaf/core";
import { z } from "zod";

const COUNT = z.int().nonnegative().optional().catch(undefined);

const USAGE = z.object({
  model: z.string().optional().catch(undefined),
  usage: z.object({
    prompt_tokens: COUNT,
    completion_tokens: COUNT,
    prompt_tokens_details: z.object({ cached_tokens: COUNT }).optional().catch(undefined),
    completion_tokens_details: z.object({ reasoning_tokens: COUNT }).optional().catch(undefined),
  }),
});

const CHOICE = z.object({
  finish_reason: z.string().nullish(),
  message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
});

const COMPLETION = z.object({ choices: z.array(CHOICE) });

const refused = (problem: string): SheafError => new SheafError("MODEL_ANSWER_REFUSED", { problem });

/** Returns the body of a completion as data: the client hands on text as it is where the server names no JSON type. */
export function completionBody(raw: unknown): unknown {
  if (typeof raw !== "string") return raw;
  try {
    return JSON.parse(raw);
  } catch {
    throw refused(`the server sent text that is not JSON: ${show(raw.slice(0, 80))}`);
  }
}

/** Returns what a completion cost, or null where the server does not tell. */
export function completionUsage(
  body: unknown,
  asked: { readonly model: string; readonly provider: string },
): UsageRecord | null {
  const parsed = USAGE.safeParse(body);
  if (!parsed.success) return null;
  const { model, usage } = parsed.data;
  const inputTokens = usage.prompt_tokens;
  const outputTokens = usage.completion_tokens;
  const cachedInputTokens = partOf(inputTokens, usage.prompt_tokens_details?.cached_tokens);
  const reasoningTokens = partOf(outputTokens, usage.completion_tokens_details?.reasoning_tokens);
  if (inputTokens === undefined && outputTokens === undefined) return null;
  return {
    model: model?.trim() || asked.model,
    provider: asked.provider,
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(cachedInputTokens === undefined ? {} : { cachedInputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}

// Some servers count the parts beside the whole; such a part cannot be booked as one.
const partOf = (whole: number | undefined, part: number | undefined): number | undefined =>
  part !== undefined && part <= (whole ?? 0) ? part : undefined;

/**
 * Returns the text of a completion.
 *
 * @throws SheafError MODEL_ANSWER_REFUSED when there is none, or when the model did not end it itself.
 */
export function completionText(body: unknown): string {
  const parsed = COMPLETION.safeParse(body);
  if (!parsed.success) throw refused(`the server sent no completion (${describeData(body)})`);
  const choice = parsed.data.choices[0];
  if (choice === undefined) throw refused("the server sent a completion without choices");
  const { content, refusal } = choice.message;
  if (choice.finish_reason === "length") throw refused("it was cut off at the token limit");
  if (choice.finish_reason === "content_filter") throw refused("a content filter held it back");
  if (typeof refusal === "string") throw refused(`the model declined: ${show(refusal)}`);
  if (typeof content !== "string" || content.trim() === "") throw refused("it is empty");
  return content;
}
