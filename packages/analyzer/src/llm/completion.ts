import { describeData, SheafError, show, type UsageRecord } from "@sheaf/core";
import { z } from "zod";
import { AnswerBroken } from "./body-parts.ts";

const COUNT = z.int().nonnegative().optional().catch(undefined);

const USAGE = z.object({
  model: z.string().optional().catch(undefined),
  service_tier: z.string().optional().catch(undefined),
  usage: z.object({
    prompt_tokens: COUNT,
    completion_tokens: COUNT,
    prompt_tokens_details: z.object({ cached_tokens: COUNT }).optional().catch(undefined),
    completion_tokens_details: z.object({ reasoning_tokens: COUNT }).optional().catch(undefined),
  }),
});

const SAID = z.object({ content: z.string().nullish(), refusal: z.string().nullish() });

const CHOICE = z.object({
  finish_reason: z.string().nullish(),
  /** Of a chunk of a stream. */
  delta: SAID.nullish(),
  /** Of a completion in one piece. */
  message: SAID.nullish(),
});

const COMPLETION = z.object({ choices: z.array(CHOICE) });

// Far above any honest answer: a record takes some 150.
const MOST_ANSWER_LENGTH = 4 * 2 ** 20;

const refused = (problem: string, text?: string): SheafError =>
  new SheafError("MODEL_ANSWER_REFUSED", { problem, ...(text === undefined ? {} : { text }) });

/** Returns what a completion cost, or null where the server does not tell. */
export function completionUsage(
  body: unknown,
  asked: { readonly model: string; readonly provider: string },
): UsageRecord | null {
  // Most chunks of a stream say nothing of it.
  if (typeof body !== "object" || body === null || !("usage" in body) || body.usage === null) return null;
  const parsed = USAGE.safeParse(body);
  if (!parsed.success) return null;
  const { model, usage, service_tier: serviceTier } = parsed.data;
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
    ...(serviceTier === undefined || serviceTier.trim() === "" ? {} : { serviceTier }),
  };
}

// Some servers count the parts beside the whole; such a part cannot be booked as one.
const partOf = (whole: number | undefined, part: number | undefined): number | undefined =>
  part !== undefined && part <= (whole ?? 0) ? part : undefined;

/** Puts a completion together from the chunks of a stream, or from the one piece that it is. */
export class Completion {
  text = "";
  #refusal = "";
  #finish: string | null = null;
  #isWhole = false;
  #hasChoice = false;
  /** What came last that is no completion, in words; null when nothing is wrong. */
  #strange: string | null = "nothing";

  /** Whether a stream has said that the answer has ended; its usage may still be to come. */
  get isOver(): boolean {
    return this.#finish !== null;
  }

  /** Takes one part and returns the text that it adds. */
  take(part: unknown): string {
    const parsed = COMPLETION.safeParse(part);
    if (!parsed.success) {
      this.#strange = describeData(part);
      return "";
    }
    this.#strange = null;
    const choice = parsed.data.choices[0];
    if (choice === undefined) return "";
    const said = choice.message ?? choice.delta;
    this.#hasChoice = true;
    this.#isWhole ||= choice.message != null;
    this.#finish = choice.finish_reason ?? this.#finish;
    this.#refusal += said?.refusal ?? "";
    const added = said?.content ?? "";
    this.text += added;
    if (this.text.length > MOST_ANSWER_LENGTH)
      throw refused(`it is longer than ${MOST_ANSWER_LENGTH} characters`);
    return added;
  }

  /**
   * Returns the text when all parts have come.
   *
   * @throws SheafError MODEL_ANSWER_REFUSED when there is none, or when the model did not end it itself; what came of
   * it is in `text`. AnswerBroken when a stream ends without saying that the answer has ended.
   */
  end(): string {
    const { text } = this;
    if (!this.#hasChoice) {
      if (this.#strange === null) throw refused("the server sent a completion without choices");
      throw refused(`the server sent no completion (${this.#strange})`);
    }
    if (this.#finish === "length") throw refused("it was cut off at the token limit", text);
    if (this.#finish === "content_filter") throw refused("a content filter held it back", text);
    if (this.#refusal !== "") throw refused(`the model declined: ${show(this.#refusal)}`);
    if (this.#finish === null && !this.#isWhole) throw new AnswerBroken("it does not say that it has ended");
    if (text.trim() === "") throw refused("it is empty");
    return text;
  }
}
