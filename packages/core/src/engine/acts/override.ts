import { ConfigurationError, ConflictError } from "../../errors.ts";
import type { NewEvent } from "../../machine/events.ts";
import type { RunState } from "../../machine/run/state.ts";
import type { Act, Saying } from "./act.ts";
import { findStage } from "../find-stage.ts";

/**
 * Lets a stage begin in spite of its windows; nothing, when it was let begin before.
 *
 * @throws ConfigurationError when it is not said who lets it, and why
 * @throws ConflictError when it is not held
 */
export function overrideWindows(state: RunState, stage: string, act: Act, say: Saying): readonly NewEvent[] {
  checkException(act);
  const { held, unbound, status } = findStage(state, stage);
  if (unbound) return [];
  if (!held)
    throw new ConflictError(
      `run ${state.run}: stage ${JSON.stringify(stage)} is not held by its windows: it is ${status}`,
    );
  const said = say(act);
  return [{ type: "stage-windows-overridden", ...said, stage, reason: said.reason ?? "" }];
}

// An exception to a rule that others rely on is somebody's, for a reason.
function checkException({ actor, reason }: Act): void {
  const problems = [
    ...(isText(actor) ? [] : ["actor: is missing; say who lets it begin"]),
    ...(isText(reason) ? [] : ["reason: is missing; say why it cannot wait"]),
  ];
  if (problems.length > 0) throw new ConfigurationError("override", problems);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}
