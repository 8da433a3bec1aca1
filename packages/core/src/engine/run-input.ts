import { ConfigurationError } from "../errors.ts";
import { copyJson, type Json } from "../model/json.ts";
import type { Schema } from "../model/schema.ts";
import type { AnyPipeline } from "./registry.ts";
import { validate } from "./stage-input.ts";

/**
 * The input of a run as it is recorded.
 *
 * @throws ConfigurationError with all problems
 */
export async function recordRunInput(pipeline: AnyPipeline, input: unknown): Promise<Json> {
  const subject = `the input of pipeline ${JSON.stringify(pipeline.name)}`;
  const schema = pipeline.input as Schema | undefined;
  const value = schema ? await validate(schema, input, subject) : input;
  const { json, problems } = copyJson(value, "input");
  if (problems.length > 0) throw new ConfigurationError(subject, problems);
  return json;
}
