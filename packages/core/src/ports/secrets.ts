/** Where and for whom a secret is used. */
export interface SecretUse {
  readonly run: string;
  readonly pipeline: string;
  readonly stage: string;
  /** Who started the run. */
  readonly actor?: string;
  /** Aborts when nobody waits for the secret any more. */
  readonly signal: AbortSignal;
}

/**
 * Knows secrets by name: a vault, a file, the environment. Asked at the moment of use, each time anew, so that a secret
 * that was changed is used from then on. What it answers is never recorded.
 */
export interface SecretResolver {
  /** The secret, or undefined when there is none of this name, or this use may not have it. A rejection is tried again. */
  resolve(name: string, use: SecretUse): string | undefined | Promise<string | undefined>;
}
