/** Where the engine's own messages go. pino and console fit it; nothing is logged unless one is given. */
export interface Logger {
  /** What only a developer of Gennaker looks for. */
  debug(details: object, message: string): void;
  /** What happened as it should. */
  info(details: object, message: string): void;
  /** What went wrong and is being dealt with. */
  warn(details: object, message: string): void;
  /** What went wrong and needs somebody. */
  error(details: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
