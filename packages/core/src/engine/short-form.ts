import { ConfigurationError } from "../errors.ts";
import { copyJson, type Json } from "../model/json.ts";
import { pipeline } from "../model/pipeline.ts";
import { deploy, type DeployInput } from "../stages/deploy.ts";
import {
  checkCluster,
  checkGroup,
  checkOnBusy,
  checkReplaces,
  checkStrategy,
} from "../stages/deploy-input.ts";
import { Parked } from "./parked.ts";
import type { AnyPipeline, Registry } from "./registry.ts";

/** Name of the pipeline of `delivery.deploy`. */
export const SHORT_FORM = "deploy";

/** The pipeline of `delivery.deploy`. Its input holds the strategy's name and options, which lead to its code. */
export function shortFormOf(registry: Registry): AnyPipeline {
  return pipeline<DeployInput<Json>>(SHORT_FORM).stage(SHORT_FORM, deploy, ({ input }) => ({
    ...input,
    strategy: registry.remake(input.strategy) ?? missing(input.strategy.name),
  }));
}

/**
 * The input of a `delivery.deploy` as it is recorded: a strategy is code, so its name and options stand for it.
 *
 * @throws ConfigurationError with all problems
 */
export function recordShortForm(
  { cluster, release, strategy, group, replaces, onBusy }: DeployInput<unknown>,
  registry: Registry,
): Json {
  const problems = [
    ...checkCluster(cluster),
    ...(typeof cluster?.provider === "string" ? registry.providerProblems(cluster) : []),
    ...copyJson(release, "release").problems,
    ...(release === undefined ? ["release: is missing"] : []),
    ...checkStrategy(strategy),
    ...checkGroup(group),
    ...checkReplaces(replaces),
    ...checkOnBusy(onBusy),
  ];
  if (problems.length > 0) throw new ConfigurationError("deploy", problems);
  const { name, version, options } = strategy;
  const recorded = copyJson(
    { cluster, release, strategy: { name, version, options }, group, replaces, onBusy },
    "deploy",
  );
  if (recorded.problems.length > 0) throw new ConfigurationError("deploy", recorded.problems);
  return recorded.json;
}

function missing(name: string): never {
  throw new Parked(
    `strategy ${JSON.stringify(name)} is not registered here: pass its factory to createDelivery({ strategies: […] })`,
  );
}
