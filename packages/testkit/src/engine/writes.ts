import assert from "node:assert/strict";
import {
  DeliveryError,
  type ErrorCode,
  type NewEvent,
  type PermitRequest,
  type Write,
} from "@gennaker/core/ports";

/** An event that says something, as a stage's progress does. */
function saying(message: string): NewEvent {
  return { type: "stage-progressed", at: 1_700_000_000_000, stage: "a", message };
}

/** A write of such events alone. */
export function said(...words: readonly string[]): Write {
  return { events: words.map(saying) };
}

/** What events that say something said. */
export function messages(events: readonly { readonly type: string }[]): readonly string[] {
  return events.map((event) => ("message" in event ? String(event.message) : event.type));
}

/** A write that hands out effects, as their first attempt. */
export function issuing(...ids: readonly string[]): Write {
  return { events: [], issue: ids.map((id) => ({ id, attempt: 1 })) };
}

/** A request of stage "a" for a place under key "cluster". */
export function asking(limit: number = 1, more: Partial<PermitRequest> = {}): Write {
  return { events: [], request: [{ key: "cluster", holder: "a", limit, ...more }] };
}

/** Gives back, or withdraws, what `asking` asks for. */
export const giving: Write = { events: [], release: [{ key: "cluster", holder: "a" }] };

/** The call fails with an error of ours that has this code, which it returns. */
export async function refused(call: Promise<unknown>, code: ErrorCode, what: string): Promise<DeliveryError> {
  const error = await call.then(
    () => assert.fail(`${what}: was accepted`),
    (thrown: unknown) => thrown,
  );
  assert.ok(
    DeliveryError.is(error),
    `${what}: failed with ${String(error)}, not with an error that has a code`,
  );
  assert.equal(error.code, code, `${what}: ${error.message}`);
  return error;
}
