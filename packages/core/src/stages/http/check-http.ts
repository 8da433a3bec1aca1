import { checkDuration } from "../wait.ts";
import type { HttpInput } from "./http-input.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Everything that is wrong with what an `http` stage is to send. */
export function checkHttp({
  url,
  method,
  headers = {},
  body,
  expect,
  timeout,
}: HttpInput): readonly string[] {
  const bodyless = (method === "GET" || method === "HEAD") && body !== undefined;
  return [
    ...checkUrl(url),
    ...(method === undefined || METHODS.includes(method)
      ? []
      : [`method: ${JSON.stringify(method)} is not one of ${METHODS.join(", ")}`]),
    ...Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" && !/[\r\n]/.test(value) && /^[\w!#$%&'*+.^`|~-]+$/.test(name)
        ? []
        : [`headers: ${JSON.stringify(name)} is not a header of one line`],
    ),
    ...(bodyless ? [`body: ${method} has none (write method: "POST")`] : []),
    ...(expect === undefined || (Array.isArray(expect) && expect.length > 0 && expect.every(Number.isInteger))
      ? []
      : ["expect: must be statuses, at least one (write [200, 204])"]),
    ...(timeout === undefined ? [] : checkDuration("timeout", timeout)),
  ];
}

function checkUrl(text: unknown): readonly string[] {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:"))
    return ["url: must be an address with https: or http:"];
  return url.username === "" && url.password === ""
    ? []
    : ["url: must not hold a user and password (send a header)"];
}
