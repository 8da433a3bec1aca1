import { type Cluster, clusterId, type Event } from "@gennaker/core/ports";
import { watchInvariants } from "../cloud/invariants.ts";
import { serving } from "../cloud/serving.ts";
import type { Violation } from "../cloud/violation.ts";
import { AdmissionJudge } from "./judge-admission.ts";
import { AnswersJudge } from "./judge-answers.ts";
import { BaselineJudge } from "./judge-baseline.ts";
import { judgeLog } from "./judge-log.ts";
import { OutcomeJudge } from "./judge-outcome.ts";
import { Turns } from "./judge-turns.ts";
import { WayBackJudge } from "./judge-way-back.ts";
import { WindowsJudge } from "./judge-windows.ts";
import type { ClusterStart } from "./pipeline-simulation.ts";
import type { SimulationState } from "./simulation-state.ts";
import type { SimulationInvariant, SimulationViolation } from "./simulation-violation.ts";

// What is broken may go on breaking things for ever.
const VIOLATIONS_MAX = 20;

// Shares are whole percents: 3 instances at 33 and 67 % carry what 2.99 would. A real loss is a whole instance.
const ROUNDING = 0.5;

interface Watch {
  readonly found: readonly Violation[];
  /** How many of them were told. */
  told: number;
  readonly conditions: boolean;
}

/** Judges everything that happens in a simulation, as it happens. */
export class Inspector {
  readonly #state: SimulationState;
  readonly #watches: readonly Watch[];
  readonly #turns = new Turns();
  readonly #admissions = new AdmissionJudge();
  readonly #answers = new AnswersJudge();
  readonly #outcomes = new OutcomeJudge();
  readonly #windows: WindowsJudge;
  readonly #wayBack: WayBackJudge;
  readonly #baselines: BaselineJudge;
  readonly violations: SimulationViolation[] = [];

  constructor(state: SimulationState, clusters: readonly ClusterStart[], autoscaled: boolean) {
    const { cloud, chronicle } = state;
    this.#state = state;
    this.#windows = new WindowsJudge(state.runs.map(({ pipeline }) => pipeline));
    this.#wayBack = new WayBackJudge(cloud, autoscaled);
    this.#baselines = new BaselineJudge((cluster) => cloud.world(cluster));
    const known = new Set(clusters.map(({ cluster }) => clusterId(cluster)));
    cloud.onChange(({ landing }) => {
      if (!landing || !known.has(clusterId(landing.cluster))) return;
      chronicle.add({ landing });
      this.#report("one-rollout-per-cluster", this.#turns.noticeLanding(landing));
      this.#report("baseline-is-comparison", this.#baselines.noticeLanding(landing));
    });
    this.#watches = clusters.map((start) => watchOver(state, start));
  }

  /** It has seen enough. */
  get isFull(): boolean {
    return this.violations.length >= VIOLATIONS_MAX;
  }

  /** Hears of an event in the instant of its recording. */
  notice(event: Event): void {
    this.#state.chronicle.add({ event });
    this.#report("one-rollout-per-cluster", this.#turns.notice(event));
    this.#report("baseline-is-comparison", this.#baselines.notice(event));
    this.#report("runs-within-limit", this.#admissions.notice(event));
    this.#report("answers-as-asked", this.#answers.notice(event));
    this.#report("begins-in-windows", this.#windows.notice(event));
    this.#report("ends-as-ruled", this.#outcomes.notice(event));
    for (const wrong of this.#wayBack.notice(event)) this.#report("rolled-back-as-before", wrong);
  }

  /** Looks at what has landed since the last look. */
  look(): void {
    for (const watch of this.#watches) {
      const news = watch.found.slice(watch.told);
      watch.told = watch.found.length;
      for (const { invariant, message, window } of news)
        // Only a condition that is checked at the provider can close a window.
        if (!window || watch.conditions) this.#report(invariant, message);
    }
  }

  /** Judges the whole, when all is over. */
  conclude(unfinished: readonly string[], broken: readonly string[]): void {
    for (const message of unfinished) this.#report("every-run-ends", message);
    for (const message of broken) this.#report("acknowledged-is-recorded", message);
    const runs = Map.groupBy(this.#state.events, ({ run }) => run);
    for (const events of runs.values())
      for (const wrong of judgeLog(events)) this.#report("lands-once", wrong);
  }

  #report(invariant: SimulationInvariant, message: string | undefined): void {
    if (message === undefined || this.isFull) return;
    const { clock, seed, chronicle } = this.#state;
    this.violations.push({ invariant, at: clock.now(), message, seed, trace: chronicle.tellLast() });
  }
}

function watchOver({ cloud }: SimulationState, { cluster, floor }: ClusterStart): Watch {
  const watched = cluster as Cluster;
  const { traffic, conditions } = cloud.supports(watched);
  const served = serving(cloud.world(watched), traffic);
  return {
    found: watchInvariants(cloud, watched, { floor: floor ?? served - ROUNDING }).violations,
    told: 0,
    conditions,
  };
}
