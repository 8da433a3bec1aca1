import { ConfigurationError } from "../errors.ts";

/**
 * Who acts: whom a delivery was made to act for, else whom the call names.
 *
 * @throws ConfigurationError when the call names another one
 */
export function actorFor(
  bound: string | undefined,
  named: string | undefined,
  what: string,
): string | undefined {
  if (bound === undefined || named === undefined || bound === named) return bound ?? named;
  throw new ConfigurationError(what, [
    `actor: this delivery acts for ${JSON.stringify(bound)}, not for ${JSON.stringify(named)}; leave \`actor\` out, or use delivery.as(${JSON.stringify(named)})`,
  ]);
}
