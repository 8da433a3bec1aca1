import { DeliveryError, parseDuration, type RunHandle } from "@gennaker/core";
import type { Clock, Event, Verdict } from "@gennaker/core/ports";
import type { Random } from "../cloud/random.ts";
import type { Answers, People, ScriptedAnswer } from "./people-options.ts";

/** What one person means to do, and goes on trying until it is acknowledged or refused. */
interface Intent {
  readonly run: string;
  readonly actor: string;
  readonly text: string;
  /** Whether an event of this actor must be in the log once it is acknowledged. */
  readonly recorded: boolean;
  /** It is about a run that is over. */
  readonly late?: boolean;
  readonly act: (run: RunHandle, actor: string) => Promise<unknown>;
}

/** What the crowd knows of the process: how to reach a run, and that it may be down. */
export interface Reach {
  readonly clock: Clock;
  /** Undefined while the process is down or the run is not there. */
  readonly handle: (run: string) => RunHandle | undefined;
  readonly note: (text: string) => void;
}

const HOUR = 3_600_000;
const PATIENCE = [1000, 60_000] as const;
// Acts come within the first so many events of a run: some early, some late.
const EVENTS = [3, 15, 60] as const;
const RETRIES_MAX = 3;

/** People: they answer judgements, resume what stands still, and do what chance has them do. They outlive the process. */
export class Crowd {
  readonly #answers: Answers;
  readonly #chance: Random;
  readonly #reach: Reach;
  readonly #people: People;
  readonly #asked = new Map<string, number>();
  readonly #questions = new Map<string, Event<"judgement-requested">>();
  readonly #plans = new Map<string, { at: number; readonly do: () => void }[]>();
  readonly #seen = new Map<string, number>();
  readonly #over = new Set<string>();
  readonly #unanswered = new Set<Intent>();
  readonly #acknowledged: { readonly run: string; readonly actor: string; readonly text: string }[] = [];
  readonly #surprises: string[] = [];
  readonly #retries = new Map<string, number>();
  #late = 0;
  #count = 0;

  constructor(answers: Answers, people: People, chance: Random, reach: Reach) {
    this.#answers = answers;
    this.#people = people;
    this.#chance = chance;
    this.#reach = reach;
  }

  /** Hears of an event. */
  notice(event: Event): void {
    const { run } = event;
    if (event.type === "run-started") this.#plan(run);
    if (event.type === "run-finished") this.#hearEnd(event);
    if (event.type === "run-retried") this.#over.delete(run);
    if (event.type === "judgement-requested") this.#hearQuestion(event);
    if (event.type === "judgement-answered" && event.verdict === "inconclusive") this.#hearAgain(event);
    if (event.type === "judgement-approved") this.#hearApproval(event);
    if (event.type === "stage-held") this.#hearHold(event);
    if (event.type === "run-paused" || event.type === "rollout-paused")
      this.#soon(24 * HOUR, run, "resumes", (handle, actor) => handle.resume({ actor }));
    const seen = (this.#seen.get(run) ?? 0) + 1;
    this.#seen.set(run, seen);
    for (const plan of this.#plans.get(run) ?? []) if (plan.at === seen) plan.do();
  }

  /** Somebody still means to do something about a run that is over. */
  get isBusy(): boolean {
    return this.#late > 0;
  }

  /** The process is back: whoever was not answered tries again. */
  retry(): void {
    for (const intent of this.#unanswered) {
      this.#unanswered.delete(intent);
      this.#later(this.#chance.within(PATIENCE), intent);
    }
  }

  /** What people were told and is not so: done, and not in the log; refused, and not because it came too late. */
  broken(events: readonly Event[]): readonly string[] {
    const said = new Set(events.map(({ run, actor }) => `${run} ${actor}`));
    const lost = this.#acknowledged.filter(({ run, actor }) => !said.has(`${run} ${actor}`));
    return [
      ...this.#surprises,
      ...lost.map(
        ({ actor, text }) => `${actor} was told that it is done, and it is not in the log: ${text}`,
      ),
    ];
  }

  #plan(run: string): void {
    const { pause = 0, cancel = 0, forcedCancel = 0, promote = 0, promoteFully = 0, skip = 0 } = this.#people;
    const plans: { at: number; readonly do: () => void }[] = [];
    const maybe = (probability: number, text: string, act: Intent["act"]): void => {
      const at = this.#chance.within([1, this.#chance.pick(EVENTS)]);
      if (this.#chance.chance(probability))
        plans.push({ at, do: () => this.#soon(HOUR / 60, run, text, act) });
    };
    maybe(pause, "pauses", (handle, actor) => handle.pause({ actor }));
    maybe(cancel, "cancels", (handle, actor) => handle.cancel({ actor }));
    maybe(forcedCancel, "cancels by force", (handle, actor) => handle.cancel({ actor, mode: "forced" }));
    maybe(promote, "promotes", (handle, actor) => promoteWhatRolls(handle, actor));
    // Chance is only asked where it is to decide, so that older seeds tell what they told.
    if (promoteFully > 0)
      maybe(promoteFully, "promotes to the end", (handle, actor) => promoteWhatRolls(handle, actor, true));
    if (skip > 0) maybe(skip, "skips", (handle, actor) => skipWhatMayBe(handle, actor));
    this.#plans.set(run, plans);
  }

  #hearEnd({ run, outcome }: Event<"run-finished">): void {
    this.#over.add(run);
    const { retry = 0 } = this.#people;
    const times = this.#retries.get(run) ?? 0;
    if (retry === 0 || outcome === "succeeded" || times >= RETRIES_MAX || !this.#chance.chance(retry)) return;
    this.#retries.set(run, times + 1);
    this.#late += 1;
    this.#later(this.#chance.within([1, HOUR]), {
      run,
      actor: this.#name(),
      text: "retries",
      recorded: false,
      late: true,
      act: retryWhatFailed,
    });
  }

  // Chance is only asked where it is to decide, so that older seeds tell what they told.
  #hearHold({ run, stage }: Event<"stage-held">): void {
    const { override = 0 } = this.#people;
    if (override > 0 && this.#chance.chance(override))
      this.#soon(HOUR, run, `lets ${stage} begin`, (handle, actor) =>
        handle.override(stage, { actor, reason: "cannot wait" }),
      );
  }

  #hearQuestion(event: Event<"judgement-requested">): void {
    const { run, stage, at, expiresAt } = event;
    this.#questions.set(`${run}/${event.judgement}`, event);
    const script = this.#answers[stage];
    if (script === undefined)
      return this.#answerBySeed(event, expiresAt === undefined ? undefined : expiresAt - at);
    if (script === "nobody") return;
    const turn = this.#asked.get(`${run}/${stage}`) ?? 0;
    this.#asked.set(`${run}/${stage}`, turn + 1);
    const list = (Array.isArray(script) ? script : [script]) as readonly (Verdict | ScriptedAnswer)[];
    const next = list[Math.min(turn, list.length - 1)] ?? "pass";
    const {
      verdict,
      after = "5m",
      choice,
    }: ScriptedAnswer = typeof next === "string" ? { verdict: next } : next;
    this.#answer(
      parseDuration(after),
      choice === undefined ? event : { ...event, choices: [choice] },
      verdict,
    );
  }

  // A stage's own question stays open after an inconclusive answer, without being asked again.
  #hearAgain(event: Event<"judgement-answered">): void {
    const asked = this.#questions.get(`${event.run}/${event.judgement}`);
    if (asked && asked.phase === undefined) this.#hearQuestion({ ...asked, at: event.at });
  }

  // Now and then the one approves too who may not.
  #hearApproval({ run, judgement }: Event<"judgement-approved">): void {
    const asked = this.#questions.get(`${run}/${judgement}`);
    if (asked?.excludes !== undefined && this.#chance.chance(0.2)) this.#answerInVain(asked, asked.excludes);
  }

  #answerInVain({ run, stage, judgement, choices }: Event<"judgement-requested">, actor: string): void {
    const [choice] = choices ?? [];
    this.#later(this.#chance.within([1, HOUR]), {
      run,
      actor,
      text: `answers ${stage} although they started the run`,
      recorded: false,
      async act(handle) {
        const refused = await handle
          .judge(stage, { verdict: "pass", actor, judgement, ...(choice !== undefined && { choice }) })
          .then(
            () => false,
            () => true,
          );
        if (!refused) throw new Error("it was taken");
      },
    });
  }

  #answerBySeed(event: Event<"judgement-requested">, limit: number | undefined): void {
    const chance = this.#chance;
    const verdict = (): Verdict => (chance.chance(0.7) ? "pass" : chance.pick(["fail", "inconclusive"]));
    // One in eight comes too late, where there is a limit.
    const late = limit !== undefined && chance.chance(0.125);
    const wait = late
      ? limit + chance.within([1, HOUR])
      : chance.within([1000, chance.pick([60_000, HOUR, 36 * HOUR])]);
    const chosen = (): Event<"judgement-requested"> =>
      event.choices ? { ...event, choices: [chance.pick(event.choices)] } : event;
    this.#answer(wait, chosen(), verdict());
    if (chance.chance(0.25)) this.#answer(wait + chance.within([0, 100]), chosen(), verdict());
  }

  // Where several must approve, so many people do, and agree.
  #answer(
    wait: number,
    { run, stage, approvals = 1, choices }: Event<"judgement-requested">,
    verdict: Verdict,
  ): void {
    const chosen = verdict === "pass" && choices?.[0] !== undefined ? { choice: choices[0] } : {};
    for (let person = 0; person < (verdict === "pass" ? approvals : 1); person += 1)
      this.#later(wait + person, {
        run,
        actor: this.#name(),
        text: `answers ${verdict} to ${stage}`,
        recorded: true,
        act: (handle, actor) => handle.judge(stage, { verdict, actor, ...chosen }),
      });
  }

  #soon(withinMs: number, run: string, text: string, act: Intent["act"]): void {
    this.#later(this.#chance.within([1, withinMs]), { run, actor: this.#name(), text, recorded: false, act });
  }

  #later(wait: number, intent: Intent): void {
    this.#reach.clock.after(wait, () => this.#try(intent));
  }

  #try(intent: Intent): void {
    const { run, actor, text, late = false } = intent;
    if (this.#over.has(run) && !late) return;
    this.#unanswered.add(intent);
    const handle = this.#reach.handle(run);
    if (!handle) return;
    this.#reach.note(`${actor} ${text} (${run})`);
    void this.#await(intent, handle);
  }

  // A process that dies meanwhile never answers: then this never goes on.
  async #await(intent: Intent, handle: RunHandle): Promise<void> {
    const { run, actor, text, recorded, act, late } = intent;
    try {
      await act(handle, actor);
      if (recorded) this.#acknowledged.push({ run, actor, text });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const tooLate = DeliveryError.is(error) && error.code === "GENNAKER_CONFLICT";
      if (!tooLate) this.#surprises.push(`${actor} ${text}: ${message}`);
    }
    this.#unanswered.delete(intent);
    if (late) this.#late -= 1;
  }

  #name(): string {
    this.#count += 1;
    return `person ${this.#count}`;
  }
}

async function promoteWhatRolls(handle: RunHandle, actor: string, full = false): Promise<void> {
  const { stages } = await handle.state();
  const rolling = stages.find(({ rollout }) => rollout && rollout.outcome === undefined);
  if (rolling) await handle.promote(rolling.name, { actor, full });
}

async function skipWhatMayBe(handle: RunHandle, actor: string): Promise<void> {
  const { stages } = await handle.state();
  const may = stages.find(({ skippable, finishedAt }) => skippable && finishedAt === undefined);
  if (may) await handle.skip(may.name, { actor });
}

async function retryWhatFailed(handle: RunHandle, actor: string): Promise<void> {
  const { stages } = await handle.state();
  const ordinary = stages.filter(({ role, status }) => role === undefined && status !== "succeeded");
  const failed = ordinary.find(({ status }) => status === "failed") ?? ordinary[0];
  if (failed) await handle.retryFrom(failed.name, { actor });
}
