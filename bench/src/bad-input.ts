/** What the user gave cannot be used. The message is one sentence that says what was expected. */
export class BadInput extends Error {
  override readonly name = "BadInput";
}

/** A JSON file that is something else than a workflow. */
export class NoWorkflow extends BadInput {}
