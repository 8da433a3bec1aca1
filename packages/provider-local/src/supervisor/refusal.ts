import type { ProviderErrorKind } from "@gennaker/core/ports";

/** A command that must not land; nothing was changed. Becomes a `ProviderError` at the other end of the socket. */
export class Refusal extends Error {
  readonly kind: ProviderErrorKind;
  readonly claimedBy: string | undefined;

  constructor(kind: ProviderErrorKind, message: string, claimedBy?: string) {
    super(message);
    this.kind = kind;
    this.claimedBy = claimedBy;
  }
}
