import { copyJson } from "../model/json.ts";
import type { Logger } from "../ports/logger.ts";
import type { Redactor } from "./redact.ts";

type Level = keyof Logger;

/** A logger that is told no secrets, and whose own failures reach nobody. */
export function guardedLogger(logger: Logger, redactor: Redactor): Logger {
  const at =
    (level: Level) =>
    (details: object, message: string): void => {
      try {
        logger[level](clean(details, redactor), message);
      } catch {
        // There is nowhere left to say it.
      }
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function clean(details: object, redactor: Redactor): object {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, cleanValue(value, redactor)]),
  );
}

function cleanValue(value: unknown, redactor: Redactor): unknown {
  if (!(value instanceof Error)) return redactor.json(copyJson(value, "").json);
  const { stack, cause } = value;
  return {
    ...redactor.error(value),
    ...(stack !== undefined && { stack: redactor.text(stack) }),
    ...(cause !== undefined && { cause: redactor.error(cause) }),
  };
}
