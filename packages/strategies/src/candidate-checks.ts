import { analysis, gates } from "./gates.ts";
import {
  type CandidateOptions,
  type Check,
  duration,
  onRollback,
  percent,
  positiveDuration,
  size,
} from "./options.ts";

/** How the options are checked that every strategy with a candidate takes. */
export const CANDIDATE_CHECKS: Record<keyof CandidateOptions, Check> = {
  size,
  minHealthy: percent,
  soak: duration,
  gate: gates,
  postPromotion: gates,
  analysis,
  deadline: positiveDuration,
  onRollback,
};
