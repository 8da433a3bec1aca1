import { ConfigurationError } from "../errors.ts";
import type { Json } from "./json.ts";

/** What is shown in the place of a secret. */
export const MASK = "[redacted]";

const NAME = /^[\w./-]+$/;
const REFERENCE = /\$secret\{([\w./-]+)\}/g;

/**
 * A reference to a secret, as text: it stands for the secret in inputs of runs and stages, alone or within a longer
 * text, and is what the log shows. The secret itself is put in its place where it is used: in the input that a stage's
 * code sees, and in the release that a provider is given. Whoever may give an input may name a secret: the resolver is
 * told who uses it, and may refuse.
 *
 * @throws ConfigurationError when it is not a name: letters, digits and `_ . / -`
 * @example
 * .stage("notify", webhook, () => ({ url, headers: { authorization: `Bearer ${secret("chat/token")}` } }))
 */
export function secret(name: string): string {
  if (!NAME.test(name))
    throw new ConfigurationError("secret", [
      `${JSON.stringify(name)} is not the name of a secret: use letters, digits and _ . / -`,
    ]);
  return `$secret{${name}}`;
}

/** Names of the secrets that a value refers to, each once. */
export function secretsIn(value: Json): readonly string[] {
  const names = new Set<string>();
  mapTexts(value, (text) => {
    for (const [, name] of text.matchAll(REFERENCE)) names.add(name!);
    return text;
  });
  return [...names];
}

/** The same value with secrets in the place of their references. */
export function withSecrets(value: Json, secrets: ReadonlyMap<string, string>): Json {
  return mapTexts(value, (text) =>
    text.replaceAll(REFERENCE, (whole, name: string) => secrets.get(name) ?? whole),
  );
}

/** The same value with each of its texts changed; names of fields stay. The value itself when nothing changes. */
export function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => mapTexts(item, change));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const before = Object.entries(value as { readonly [key: string]: Json });
  const after = before.map(([name, item]) => [name, mapTexts(item, change)] as const);
  return after.some(([, item], index) => item !== before[index]![1]) ? Object.fromEntries(after) : value;
}
