import type { Json } from "../model/json.ts";
import { DeliveryError } from "../errors.ts";
import type { RecordedError } from "../machine/events.ts";

const MASK = "[redacted]";
const SECRET_NAME =
  /pass(word|wd|phrase)?$|secret|token$|api[-_]?key|access[-_]?key|private[-_]?key|authorization|cookie|credential/i;
// What looks like a secret wherever it stands: credentials in an address, bearer tokens, cloud keys, private keys.
const SECRET_TEXT: readonly [RegExp, string][] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${MASK}@`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${MASK}`],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, MASK],
  [/\bgh[pousr]_\w{20,}\b|\bxox[abprs]-[\w-]{10,}\b|\bglpat-[\w-]{20,}\b/g, MASK],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, MASK],
  [
    /\b((?:\w*(?:password|passwd|secret|token|api_?key))\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi,
    `$1${MASK}`,
  ],
];

/** Takes secrets out of what goes to a log, an event or an error. */
export class Redactor {
  readonly #values: readonly string[];

  /** `secrets`: values that must never be seen, wherever they turn up. Shorter than 4 characters is ignored. */
  constructor(secrets: readonly string[] = []) {
    this.#values = secrets.filter((value) => value.length >= 4).toSorted((a, b) => b.length - a.length);
  }

  text(text: string): string {
    let clean = text;
    for (const value of this.#values) clean = clean.replaceAll(value, MASK);
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
    if (DeliveryError.is(thrown))
      return {
        code: thrown.code,
        message: this.text(thrown.message),
        retryable: thrown.retryable,
        ...(Object.keys(thrown.details).length > 0 && {
          details: this.json(thrown.details) as { [key: string]: Json },
        }),
      };
    const { message, code, retryable } = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
      message?: unknown;
      code?: unknown;
      retryable?: unknown;
    };
    return {
      code: typeof code === "string" ? code : "error",
      message: this.text(typeof message === "string" ? message : String(thrown)),
      retryable: retryable === true,
    };
  }
}
