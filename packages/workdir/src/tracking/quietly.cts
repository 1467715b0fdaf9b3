export interface QuietlyModule {
  /** Does the work without the warnings about experimental features that it would cause. */
  quietly(work: () => void): void;
}

function quietly(work: () => void): void {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

module.exports = { quietly } satisfies QuietlyModule;
