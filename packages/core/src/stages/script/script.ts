import type { Json } from "../../model/json.ts";
import type { Schema } from "../../model/schema.ts";
import type { StageContext, StageRetry, StageType } from "../../model/stage.ts";
import { defineStage } from "../define-stage.ts";
import { StageError } from "../stage-error.ts";
import { checkScript } from "./check-script.ts";
import { type Ended, runChild } from "./child.ts";
import type { ScriptInput, ScriptOutput } from "./script-input.ts";
import { CHARACTERS_MAX, type Tail } from "./tail.ts";

const PROGRESS_EVERY_MS = 1000;

/** How a type of script stage behaves. */
export interface ScriptStageOptions<Output> {
  /** Checks the output; what it returns is the stage's. */
  readonly output?: Schema<unknown, Output>;
  /** Attempts in all, when it ends with 75 ("try again later", EX_TEMPFAIL of sysexits.h). Default 1. */
  readonly retry?: Pick<StageRetry, "attempts">;
  /** The name that plans and logs know it by. Default `"script"`. */
  readonly type?: string;
}

/**
 * Makes a type of stage that runs a program on this machine. Its exit code says how it went: 0 is success. It may run
 * twice, after a crash: `GENNAKER_IDEMPOTENCY_KEY` in its environment is the same each time.
 *
 * @throws ConfigurationError with all problems of the options
 * @example
 * const migrate = scriptStage({ output: z.object({ applied: z.number() }) })
 * pipeline("release").stage("migrate", migrate, () => ({ command: ["./migrate", "--json"], parse: "json", timeout: "5m" }))
 */
export function scriptStage<Output = Json>(
  options: ScriptStageOptions<Output> = {},
): StageType<ScriptInput, ScriptOutput<Output>> {
  const { retry, type = "script", output } = options;
  const stage = defineStage<ScriptInput, ScriptOutput<Output>>({
    type,
    ...(retry && { retry }),
    run: (context) => runScript(context, output),
  });
  return { ...stage, check: checkScript };
}

/** Runs a program on this machine. For more, see `scriptStage`. */
export const script: StageType<ScriptInput, ScriptOutput> = scriptStage();

async function runScript<Output>(
  context: StageContext<ScriptInput>,
  schema: Schema<unknown, Output> | undefined,
): Promise<ScriptOutput<Output>> {
  const { input, run, stage, attempt, idempotencyKey, signal, redact } = context;
  const env = {
    GENNAKER_RUN: run,
    GENNAKER_STAGE: stage,
    GENNAKER_ATTEMPT: String(attempt),
    GENNAKER_IDEMPOTENCY_KEY: idempotencyKey,
  };
  signal.throwIfAborted();
  const ended = await runChild(input, { env, signal, redact, line: throttled(context) }).catch(
    (error: Error & { code?: string }) => {
      throw new StageError("script-start", `${input.command[0]} did not start: ${whyNot(error)}`);
    },
  );
  signal.throwIfAborted();
  if (ended.timedOut || ended.code !== 0) throw failure(input, ended);
  return { output: await readOutput(input, ended.stdout, schema) };
}

// What Node refuses before it is tried, it shows, in a way of writing that no secret is recognised in.
function whyNot({ message, code }: Error & { code?: string }): string {
  return code === "ERR_INVALID_ARG_VALUE"
    ? "its command, environment or directory holds a zero byte"
    : message;
}

// What a program prints comes in bursts; each line of progress is recorded.
function throttled({ progress }: StageContext<ScriptInput>): (lastLine: () => string) => void {
  let last = -Infinity;
  return (lastLine) => {
    const now = performance.now();
    if (now - last < PROGRESS_EVERY_MS) return;
    const line = lastLine();
    if (line === "") return;
    last = now;
    void progress(line.slice(0, 200));
  };
}

function failure(
  { command, timeout = "10m" }: ScriptInput,
  { code, signal, timedOut, stderr }: Ended,
): StageError {
  const how = timedOut
    ? `was not done within ${timeout}`
    : signal
      ? `was ended by ${signal}`
      : `ended with ${code}`;
  const said = stderr.lines(5);
  return new StageError("script-failed", `${command[0]} ${how}${said === "" ? "" : `: ${said}`}`, {
    retryable: code === 75,
  });
}

async function readOutput<Output>(
  { command, parse = "text" }: ScriptInput,
  printed: Tail,
  schema: Schema<unknown, Output> | undefined,
): Promise<Output> {
  const value = parse === "json" ? parseJson(command, printed) : printed.text;
  if (!schema) return value as Output;
  const result = await schema["~standard"].validate(value);
  if (!result.issues) return result.value;
  const why = result.issues.map(({ message, path = [] }) => `${path.map(String).join(".")}: ${message}`);
  throw new StageError(
    "script-output",
    `${command[0]} printed something else than expected: ${why.join("; ")}`,
  );
}

function parseJson([program]: readonly string[], { text, isCut }: Tail): Json {
  if (isCut)
    throw new StageError(
      "script-output",
      `${program} printed more than ${CHARACTERS_MAX} characters, which cannot be read as JSON`,
    );
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new StageError("script-output", `${program} printed what is not JSON, but was to (parse: "json")`);
  }
}
