import assert from "node:assert/strict";
import { DeliveryError, type ProviderError, type ProviderErrorKind } from "@gennaker/core/ports";

/** How a call ended. */
export type Ending = { readonly error: unknown } | { readonly value: unknown };

/** Waits for a call, however it ends. */
export async function ending(call: Promise<unknown>): Promise<Ending> {
  try {
    return { value: await call };
  } catch (error) {
    return { error };
  }
}

/** The call fails with a ProviderError of this kind, which it returns. */
export async function refused(call: Promise<unknown>, kind: ProviderErrorKind): Promise<ProviderError> {
  const end = await ending(call);
  assert.ok("error" in end, `expected a refusal of kind ${kind}, but the call succeeded`);
  const { error } = end;
  assert.ok(isProviderError(error), `expected a ProviderError of kind ${kind}, not ${String(error)}`);
  assert.equal(error.kind, kind, `kind of "${error.message}"`);
  return error;
}

// Not instanceof: the adapter may have its own copy of core.
function isProviderError(error: unknown): error is ProviderError {
  return DeliveryError.is(error) && error.code === "GENNAKER_PROVIDER";
}

/** The call fails with exactly the reason of its signal. */
export async function stopped(call: Promise<unknown>, reason: unknown, what: string): Promise<void> {
  const end = await ending(call);
  assert.ok("error" in end, `${what}: expected it to reject with the signal's reason, but it succeeded`);
  assert.equal(end.error, reason, `${what}: rejects with the reason of its signal`);
}
