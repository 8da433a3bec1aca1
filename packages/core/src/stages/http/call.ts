import { randomUUID } from "node:crypto";
import { parseDuration } from "../../model/duration.ts";
import type { StageContext } from "../../model/stage.ts";
import { StageError } from "../stage-error.ts";
import { failure, isExpected, placeOf, readBody, unexpected } from "./answer.ts";
import { exchange } from "./exchange.ts";
import type { HttpInput, HttpOutput, HttpStageOptions } from "./http-input.ts";

const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** Sends what an `http` stage is to send, and makes its output of the answer. */
export async function call<Body>(
  context: StageContext<HttpInput>,
  options: HttpStageOptions<Body>,
): Promise<HttpOutput<Body>> {
  const { input, idempotencyKey, signal } = context;
  const { body, method = body === undefined ? "GET" : "POST", timeout = "30s" } = input;
  const url = new URL(input.url);
  const what = `${method} ${placeOf(input.url)}`;
  await claimSending(context, what, method);
  const answer = await exchange({
    url,
    method,
    headers: headersOf(input, idempotencyKey, method),
    body: typeof body === "string" || body === undefined ? body : JSON.stringify(body),
    timeoutMs: parseDuration(timeout),
    maxBytes: options.maxBytes ?? 65_536,
    allowPrivate: options.allowPrivate ?? [],
    signal,
  }).catch((error: unknown) => {
    throw failure(what, error, mayRepeat(input, method));
  });
  if (!isExpected(input, answer.status))
    throw await unexpected({ what, url }, answer, mayRepeat(input, method), context);
  return { status: answer.status, body: await readBody(what, answer, options.body) };
}

function mayRepeat({ idempotent = false }: HttpInput, method: string): boolean {
  return idempotent || REPEATABLE.has(method);
}

// An attempt that a crash cut short is begun again with the same number: it may have been sent already.
async function claimSending(
  { step, attempt, input }: StageContext<HttpInput>,
  what: string,
  method: string,
): Promise<void> {
  if (mayRepeat(input, method)) return;
  const mine = randomUUID();
  if ((await step(`sending ${attempt}`, () => mine)) === mine) return;
  throw new StageError(
    "http-unknown",
    `${what} was perhaps sent before a crash, and must not be sent twice: look, then retry the stage, or say idempotent: true`,
  );
}

function headersOf({ headers = {}, body }: HttpInput, key: string, method: string): Record<string, string> {
  const given = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    accept: "application/json, text/plain;q=0.9, */*;q=0.1",
    "user-agent": "gennaker",
    ...(body !== undefined && {
      "content-type": typeof body === "string" ? "text/plain; charset=utf-8" : "application/json",
    }),
    ...(method !== "GET" && method !== "HEAD" && { "idempotency-key": key }),
    ...given,
  };
}
