import type { Duration } from "../../model/duration.ts";
import type { Json } from "../../model/json.ts";

/** What a `script` stage runs. */
export interface ScriptInput {
  /** The program and its arguments: no shell reads them. For one, write `["sh", "-c", "…"]`. */
  readonly command: readonly string[];
  /** Default: where this process runs. */
  readonly cwd?: string;
  /** Besides these it gets `PATH`, `HOME`, `LANG`, `TZ`, `TMPDIR` and `GENNAKER_…`, and nothing else of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input. Default: nothing. */
  readonly stdin?: string;
  /** Then it is ended. Default `"10m"`. */
  readonly timeout?: Duration;
  /** Address space that each of its processes may take, in MiB. Default: no limit. */
  readonly memoryMb?: number;
  /** CPU time that each of its processes may take, in whole seconds. Default: no limit. */
  readonly cpuSeconds?: number;
  /** How its standard output is to be read. Default `"text"`. */
  readonly parse?: "text" | "json";
}

/** What a script left. */
export interface ScriptOutput<Output = Json> {
  /** Its standard output: the last 65,536 characters, or what they are as JSON. */
  readonly output: Output;
}
