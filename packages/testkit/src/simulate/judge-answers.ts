import type { Event } from "@gennaker/core/ports";

/** An approval that still counts. */
interface Approved {
  readonly actor: string | undefined;
  readonly choice: string | undefined;
}

/** Watches who answered what: so many different people, none that may not, and what they chose. */
export class AnswersJudge {
  readonly #asked = new Map<string, Event<"judgement-requested">>();
  readonly #approved = new Map<string, readonly Approved[]>();

  /** Hears of an event; what is wrong with it. */
  notice(event: Event): string | undefined {
    if (event.type === "judgement-requested") this.#asked.set(keyOf(event), event);
    if (event.type !== "judgement-approved" && event.type !== "judgement-answered") return undefined;
    const asked = this.#asked.get(keyOf(event));
    if (!asked) return `${event.id}: ${event.actor} answered what nobody had asked`;
    const { actor, choice } = event;
    if (actor === undefined) return undefined;
    if (actor === asked.excludes) return `${event.id}: ${actor} started the run and answered`;
    if (event.type === "judgement-answered" && event.verdict !== "pass") return undefined;
    if (asked.choices && (choice === undefined || !asked.choices.includes(choice)))
      return `${event.id}: ${actor} chose ${choice}, which is not one of ${asked.choices.join(", ")}`;
    // Who approves again changes their mind.
    const others = (this.#approved.get(keyOf(event)) ?? []).filter((other) => other.actor !== actor);
    this.#approved.set(keyOf(event), [...others, { actor, choice }]);
    const agree = others.filter((other) => other.choice === choice).length + 1;
    const enough = agree >= (asked.approvals ?? 1);
    if (enough === (event.type === "judgement-answered")) return undefined;
    return enough
      ? `${event.id}: ${agree} people approved, and the question stayed open`
      : `${event.id}: ${agree} people decided what ${asked.approvals} must`;
  }
}

function keyOf({ run, judgement }: { readonly run: string; readonly judgement: string }): string {
  return `${run} ${judgement}`;
}
