import type { Json } from "../../model/json.ts";
import type { StageType } from "../../model/stage.ts";
import { defineStage } from "../define-stage.ts";
import { call } from "./call.ts";
import { checkHttp } from "./check-http.ts";
import type { HttpInput, HttpOutput, HttpStageOptions } from "./http-input.ts";

/**
 * Makes a type of stage that calls an address. Repeated while the answer is 429 or 5xx, or there is none, where a
 * repetition can do no harm; each one carries the same `Idempotency-Key`. Redirects are not followed.
 *
 * @throws ConfigurationError with all problems of the options
 * @example
 * const ticket = httpStage({ body: z.object({ id: z.string() }) })
 * pipeline("release").stage("ticket", ticket, () => ({ url: "https://tickets.example/api", body: { title: "release" }, idempotent: true }))
 */
export function httpStage<Body = Json>(
  options: HttpStageOptions<Body> = {},
): StageType<HttpInput, HttpOutput<Body>> {
  const { retry = { attempts: 3 }, type = "http" } = options;
  const stage = defineStage<HttpInput, HttpOutput<Body>>({
    type,
    retry,
    run: (context) => call(context, options),
  });
  return { ...stage, check: checkHttp };
}

/** Calls an address; private ones are refused. For more, see `httpStage`. */
export const http: StageType<HttpInput, HttpOutput> = httpStage();
