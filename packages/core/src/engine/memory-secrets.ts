import type { SecretResolver } from "../ports/secrets.ts";

/**
 * Secrets that are in memory already, by name: for tests, and for secrets from the environment.
 *
 * @example createDelivery({ secretResolver: memorySecrets({ "chat/token": process.env["CHAT_TOKEN"] }) })
 */
export function memorySecrets(values: { readonly [name: string]: string | undefined }): SecretResolver {
  return { resolve: (name) => (Object.hasOwn(values, name) ? values[name] : undefined) };
}
