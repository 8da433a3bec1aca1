import { copyJson, type Json } from "../model/json.ts";
import { mapTexts } from "../model/secret.ts";
import { DeliveryError } from "../errors.ts";
import type { RecordedError } from "../machine/events.ts";

const MASK = "[redacted]";
// A message is for people, and the log keeps it for ever: a page of HTML or a dump of memory is cut off.
const TEXT_MAX = 8000;
/** Shorter values turn up everywhere: to mask them would make every text unreadable. */
export const SHORTEST_SECRET = 4;
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
    this.#values = longestFirst(secrets.filter((value) => value.length >= SHORTEST_SECRET));
  }

  /** From now on this value is never seen, nor as it looks in JSON, in an address or in Base64. */
  learn(secret: string): void {
    if (secret.length < SHORTEST_SECRET || this.#learned.includes(secret)) return;
    const looks = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret.toWellFormed()),
      Buffer.from(secret).toString("base64"),
    ];
    this.#learned = longestFirst([...new Set([...this.#learned, ...looks])]);
    this.#values = longestFirst([...new Set([...this.#values, ...looks])]);
  }

  /** A value with what was learned masked, and nothing else: what code returns is data, whatever it looks like. */
  learned(value: Json): Json {
    return this.#learned.length === 0 ? value : mapTexts(value, (text) => masked(text, this.#learned));
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
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item: Json) => this.json(item));
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        SECRET_NAME.test(name) && typeof item === "string" ? MASK : this.json(item),
      ]),
    );
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
      code: typeof code === "string" ? code : "error",
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
