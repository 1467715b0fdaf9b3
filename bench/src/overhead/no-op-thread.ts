/** What a bare piscina runs. */
export function noOp(): void {}
