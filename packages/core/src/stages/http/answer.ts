import type { Json } from "../../model/json.ts";
import type { Schema } from "../../model/schema.ts";
import type { StageContext } from "../../model/stage.ts";
import { StageError } from "../stage-error.ts";
import { ExchangeError, type Incoming } from "./exchange.ts";
import type { HttpInput } from "./http-input.ts";

const PATIENCE_MAX_MS = 60_000;

/** An exchange that came to nothing. */
export function failure(what: string, error: unknown, repeatable: boolean): Error {
  const { message } = error as Error;
  if (!(error instanceof ExchangeError)) return error as Error;
  const retryable = !error.final && (repeatable || !error.sent);
  const doubt = error.sent && !repeatable ? " (it may have arrived: look before you repeat it)" : "";
  return new StageError("http-failed", `${what} failed: ${message}${doubt}`, { retryable });
}

/** Whether an answer counts as success. */
export function isExpected({ expect }: HttpInput, status: number): boolean {
  return expect ? expect.includes(status) : status >= 200 && status < 300;
}

// So short that what looks like a secret is found in it as well.
const READ_MAX = 8000;

/** An answer that does not; waits first for as long as it asks for. */
export async function unexpected(
  { what, url }: { readonly what: string; readonly url: URL },
  { status, headers, text }: Incoming,
  repeatable: boolean,
  { signal, redact }: Pick<StageContext<unknown>, "signal" | "redact">,
): Promise<Error> {
  const busy = status === 429 || status >= 500;
  // A proxy says 503 as well when it lost the other side after the request had arrived there.
  const refused = status === 429 || (status === 503 && headers["retry-after"] !== undefined);
  const retryable = busy && (repeatable || refused);
  if (retryable) await patience(Number(headers["retry-after"]) * 1000, signal);
  const { location } = headers;
  const where =
    location === undefined ? "" : ` (to ${placeOf(location, url.href)}; redirects are not followed)`;
  const said = text.trim() === "" ? "" : `: ${redact(text.trim().slice(0, READ_MAX)).slice(0, 200)}`;
  return new StageError("http-status", `${what} answered ${status}${where}${said}`, { retryable });
}

/** An address without what is nobody's business: a user and password, a query. */
export function placeOf(address: string, from?: string): string {
  if (!URL.canParse(address, from)) return "no address";
  const { protocol, host, pathname } = new URL(address, from);
  return `${protocol}//${host}${pathname}`;
}

async function patience(ms: number, signal: AbortSignal): Promise<void> {
  if (!(ms > 0) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, PATIENCE_MAX_MS));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The body of an answer, checked. */
export async function readBody<Body>(
  what: string,
  { headers, text }: Incoming,
  schema: Schema<unknown, Body> | undefined,
): Promise<Body> {
  const value = /\bjson\b/.test(headers["content-type"] ?? "") ? parse(what, text) : text;
  if (!schema) return value as Body;
  const result = await schema["~standard"].validate(value);
  if (!result.issues) return result.value;
  const why = result.issues.map(({ message, path = [] }) => `${path.map(String).join(".")}: ${message}`);
  throw new StageError("http-body", `${what} answered something else than expected: ${why.join("; ")}`);
}

function parse(what: string, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new StageError("http-body", `${what} answered what is not JSON, although it says so`);
  }
}
