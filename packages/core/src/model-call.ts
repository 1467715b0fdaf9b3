/** An interface of a model server whose answers tell what they used. Completions of the old kind count as chats. */
export type ModelApi = "chat" | "responses" | "embeddings" | "messages";

/** Where the figures of a call come from. `none`: it has used nothing, or nobody can tell what. */
export type UsageSource = "provider" | "estimated" | "none";

/** How a call ended. */
export type CallState =
  /** The client has the whole answer. */
  | "ok"
  /** The answer did not come to its end, or the client went away before it had it. */
  | "aborted"
  /** The server answered with another status than 2xx. */
  | "http-error"
  /** The server never had the request. */
  | "unreachable"
  /** The client has the answer that an earlier attempt was given; no server was asked, and nothing started. */
  | "replayed"
  /** The engine went away before the answer had come: only a later session tells of it. */
  | "crashed";
