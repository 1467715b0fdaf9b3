// The ways in which a path can be looked at, as bits, so that a set of them is a number.

export interface Kinds {
  /** Bytes of a file or text of a link; for writes, that they keep old bytes. */
  readonly CONTENT: number;
  readonly STAT: number;
  readonly EXISTS: number;
  readonly LISTING: number;
  readonly TREE: number;
  /** The old bytes were not looked at, only that something other than a folder may be put there. */
  readonly WRITTEN: number;
  /** The same, and what is written comes after the old bytes, which were not looked at. */
  readonly APPENDED: number;
  /** Whether there was a folder or nothing makes no difference: either way there is one now. */
  readonly MADE: number;
  /** The call is about a link itself where its path names one. */
  readonly NO_FOLLOW: number;
  /** The call may put a new name into a folder, so that it also tells whether there is that folder. */
  readonly MAKES: number;
  /** Letter of each kind, in the order of their bits. */
  readonly LETTERS: string;
}

module.exports = {
  CONTENT: 1,
  STAT: 2,
  EXISTS: 4,
  LISTING: 8,
  TREE: 16,
  WRITTEN: 32,
  MADE: 64,
  APPENDED: 128,
  NO_FOLLOW: 256,
  MAKES: 512,
  LETTERS: "cseltwma",
} satisfies Kinds;
