import { copyJson, type Json } from "../model/json.ts";
import { MASK } from "../model/secret.ts";
import { DeliveryError } from "../errors.ts";
import type { RecordedError } from "../machine/events.ts";
import { looksOf, SHORTEST_SECRET } from "./looks.ts";

// A message is for people, and the log keeps it for ever: a page of HTML or a dump of memory is cut off.
const TEXT_MAX = 8000;
const SECRET_NAME =
  /pass(word|wd|phrase)?$|secret|token$|api[-_]?key|access[-_]?key|private[-_]?key|authorization|cookie|credential/i;
// What looks like a secret wherever it stands: credentials in an address, bearer tokens, cloud keys, private keys.
const SECRET_TEXT: readonly [RegExp, string][] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${MASK}@`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${MASK}`],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, MASK],
  [/\bgh[pousr]_\w{20,}\b|\bxox[abprs]-[\w-]{10,}\b|\bglpat-[\w-]{20,}\b/g, MASK],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  [
    /\b((?:\w*(?:password|passwd|secret|token|api_?key))\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi,
    `$1${MASK}`,
  ],
];

/** Takes secrets out of what goes to a log, an event or an error. */
export class Redactor {
  #values: readonly string[];
  #learned: readonly string[] = [];

  /** `secrets`: values that must never be seen, wherever they turn up. Shorter than 4 characters is ignored. */
  constructor(secrets: readonly string[] = []) {
    this.#values = longestFirst([...new Set(secrets.flatMap(looksOf))]);
  }

  /** From now on this value is never seen, nor as it looks in JSON, in an address or in Base64. */
  learn(secret: string): void {
    if (secret.length < SHORTEST_SECRET || this.#learned.includes(secret)) return;
    const looks = looksOf(secret);
    this.#learned = longestFirst([...new Set([...this.#learned, ...looks])]);
    this.#values = longestFirst([...new Set([...this.#values, ...looks])]);
  }

  /** A value with what was learned masked, and nothing else: what code returns is data, whatever it looks like. */
  learned(value: Json): Json {
    return this.#learned.length === 0 ? value : maskedIn(value, this.#learned);
  }

  /** A text with all that is known to be secret masked, and otherwise as it is: it may be shortened from here on. */
  known(text: string): string {
    return masked(text, this.#values);
  }

  /** At most so much of it as a person reads. */
  text(text: string): string {
    let clean = shortened(masked(text, this.#values));
    for (const [pattern, replacement] of SECRET_TEXT) clean = clean.replace(pattern, replacement);
    return clean;
  }

  /** A value with secrets masked: by field name, by known value, by look. */
  json(value: Json): Json {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") return maskedIn(value, this.#values);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item: Json) => this.json(item));
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        this.known(name),
        SECRET_NAME.test(name) ? this.#hidden(item) : this.json(item),
      ]),
    );
  }

  // A header may have several values.
  #hidden(value: Json): Json {
    if (Array.isArray(value)) return value.map((item: Json) => this.#hidden(item));
    return typeof value === "string" ? MASK : this.json(value);
  }

  /** Anything thrown, as it may be recorded: no stack, no secrets. */
  error(thrown: unknown): RecordedError {
    if (DeliveryError.is(thrown)) return this.#ours(thrown);
    const { message, code, retryable } = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
      message?: unknown;
      code?: unknown;
      retryable?: unknown;
    };
    return {
      code: typeof code === "string" ? this.known(code) : "error",
      message: this.text(typeof message === "string" ? message : described(thrown)),
      retryable: retryable === true,
    };
  }

  // Adapters make these as well, perhaps with another copy of this package.
  #ours({ code, message, retryable, details }: DeliveryError): RecordedError {
    const { json } = copyJson(details, "details");
    return {
      code,
      message: this.text(message),
      retryable,
      ...(json !== null &&
        typeof json === "object" &&
        Object.keys(json).length > 0 && { details: this.json(json) as { [key: string]: Json } }),
    };
  }
}

function masked(text: string, values: readonly string[]): string {
  return values.reduce((clean, value) => clean.replaceAll(value, MASK), text);
}

// Names of fields are texts as well: what an answer echoes may stand there. So are numbers, where one is the whole secret.
function maskedIn(value: Json, values: readonly string[]): Json {
  if (typeof value === "string") return masked(value, values);
  if (typeof value === "number") return values.includes(String(value)) ? MASK : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => maskedIn(item, values));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [masked(name, values), maskedIn(item, values)]),
  );
}

function longestFirst(values: readonly string[]): readonly string[] {
  return values.toSorted((a, b) => b.length - a.length);
}

function shortened(text: string): string {
  if (text.length <= TEXT_MAX) return text;
  return `${text.slice(0, TEXT_MAX)}… (${text.length - TEXT_MAX} more characters)`;
}

function described(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  if (typeof thrown !== "object" || thrown === null) return `${String(thrown)} was thrown`;
  const { json, problems } = copyJson(thrown, "");
  return `${problems.length === 0 ? JSON.stringify(json) : "something that is not an error"} was thrown`;
}
