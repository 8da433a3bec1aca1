import { copyJson, type Json } from "../model/json.ts";
import { MASK } from "../model/secret.ts";
import { DeliveryError } from "../errors.ts";
import type { RecordedError } from "../machine/events.ts";
import { looksOf, SHORTEST_SECRET } from "./looks.ts";

// A message is for people, and the log keeps it for ever: a page of HTML or a dump of memory is cut off.
const TEXT_MAX = 8000;
// What looks like a secret is found before anything is cut off, but not in a text of any length: that takes its time.
const LOOKED_AT_MAX = 2 * TEXT_MAX;
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
  /** Secrets as they are, of both kinds and of the second. */
  readonly #whole: Set<string>;
  readonly #wholeLearned = new Set<string>();

  /** `secrets`: values that must never be seen, wherever they turn up. Shorter than 4 characters is ignored. */
  constructor(secrets: readonly string[] = []) {
    this.#values = longestFirst([...new Set(secrets.flatMap(looksOf))]);
    this.#whole = new Set(secrets.filter(({ length }) => length >= SHORTEST_SECRET));
  }

  /** From now on this value is never seen, nor as it looks in JSON, in an address or in Base64. */
  learn(secret: string): void {
    if (secret.length < SHORTEST_SECRET || this.#wholeLearned.has(secret)) return;
    this.#wholeLearned.add(secret);
    this.#whole.add(secret);
    const looks = looksOf(secret);
    this.#learned = longestFirst([...new Set([...this.#learned, ...looks])]);
    this.#values = longestFirst([...new Set([...this.#values, ...looks])]);
  }

  /** A value with what was learned masked, and nothing else: what code returns is data, whatever it looks like. */
  learned(value: Json): Json {
    return this.#learned.length === 0 ? value : maskedIn(value, this.#learned, this.#wholeLearned);
  }

  /** Whether a secret that was learned stands in a text, as it is. */
  holdsLearned(text: string): boolean {
    return [...this.#wholeLearned].some((secret) => text.includes(secret));
  }

  /**
   * A text with all that is known to be secret masked and, if it is not very long, what looks like one: it may be shortened
   * from here on.
   */
  known(text: string): string {
    const clean = masked(text, this.#values);
    return clean.length > LOOKED_AT_MAX ? clean : withoutLookalikes(clean);
  }

  /** At most so much of it as a person reads. */
  text(text: string): string {
    const clean = masked(text, this.#values);
    const shown = withoutLookalikes(clean.slice(0, LOOKED_AT_MAX));
    const more = Math.max(0, shown.length - TEXT_MAX) + Math.max(0, clean.length - LOOKED_AT_MAX);
    return more === 0 ? shown : `${shown.slice(0, TEXT_MAX)}… (${more} more characters)`;
  }

  /** A value with secrets masked: by field name, by known value, by look. */
  json(value: Json): Json {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") return maskedIn(value, this.#values, this.#whole);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item: Json) => this.json(item));
    return withNames(
      value,
      (name) => masked(name, this.#values),
      (name, item) => (SECRET_NAME.test(name) ? this.#hidden(item) : this.json(item)),
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
  let clean = text;
  // One private key has hundreds of looks, most of them longer than most texts.
  for (const value of values) if (value.length <= clean.length) clean = clean.replaceAll(value, MASK);
  return clean;
}

function withoutLookalikes(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of SECRET_TEXT) clean = clean.replace(pattern, replacement);
  return clean;
}

// Names of fields are texts as well: what an answer echoes may stand there. So are numbers, where one is the whole secret.
function maskedIn(value: Json, values: readonly string[], whole: ReadonlySet<string>): Json {
  if (typeof value === "string") return masked(value, values);
  if (typeof value === "number") return whole.has(String(value)) ? MASK : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => maskedIn(item, values, whole));
  return withNames(
    value,
    (name) => masked(name, values),
    (_, item) => maskedIn(item, values, whole),
  );
}

// Two secrets as names of fields are two fields also when both are masked.
function withNames(
  value: Json & object,
  rename: (name: string) => string,
  change: (name: string, item: Json) => Json,
): Json {
  const fields = new Map<string, Json>();
  for (const [name, item] of Object.entries<Json>(value as { readonly [name: string]: Json })) {
    const plain = rename(name);
    let own = plain;
    for (let count = 2; fields.has(own) || (own !== name && Object.hasOwn(value, own)); count++)
      own = `${plain} ${count}`;
    fields.set(own, change(name, item));
  }
  return Object.fromEntries(fields);
}

function longestFirst(values: readonly string[]): readonly string[] {
  return values.toSorted((a, b) => b.length - a.length);
}

function described(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  if (typeof thrown !== "object" || thrown === null) return `${String(thrown)} was thrown`;
  const { json, problems } = copyJson(thrown, "");
  return `${problems.length === 0 ? JSON.stringify(json) : "something that is not an error"} was thrown`;
}
