/** What a built-in stage fails with: recorded as the stage's error. */
export class StageError extends Error {
  /** For programs. */
  readonly code: string;
  /** Whether another attempt may succeed. */
  readonly retryable: boolean;

  constructor(code: string, message: string, { retryable = false }: { readonly retryable?: boolean } = {}) {
    super(message);
    this.name = "StageError";
    this.code = code;
    this.retryable = retryable;
  }
}
