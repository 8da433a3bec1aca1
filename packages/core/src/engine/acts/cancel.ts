import { ConfigurationError } from "../../errors.ts";
import type { Outcome } from "../../machine/events.ts";
import type { RunState } from "../../machine/run/state.ts";

/** What became of a wish to cancel. */
export type CancelAnswer =
  | { readonly requested: true }
  /** `over`: it had ended, as `outcome` says. `requested-before`: it is being cancelled already. */
  | { readonly requested: false; readonly because: "over"; readonly outcome: Outcome }
  | { readonly requested: false; readonly because: "requested-before" };

/** @throws ConfigurationError when there is no such mode */
export function answerCancel({ outcome, cancel }: RunState, mode: "graceful" | "forced"): CancelAnswer {
  checkMode(mode);
  if (outcome !== undefined) return { requested: false, because: "over", outcome };
  const before = cancel?.mode === mode || cancel?.mode === "forced";
  return before ? { requested: false, because: "requested-before" } : { requested: true };
}

// Wishes come from buttons and web pages: what is not a mode must not count as one.
function checkMode(mode: string): void {
  const known = ["graceful", "forced"];
  if (known.includes(mode)) return;
  throw new ConfigurationError("cancel", [
    `mode: ${JSON.stringify(mode)} is not one of ${known.join(", ")}; nothing was recorded`,
  ]);
}
