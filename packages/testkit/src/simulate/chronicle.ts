import type { Event, RolloutCommand, ServerGroup } from "@gennaker/core/ports";
import type { Landing } from "../cloud/landing.ts";

/** Something that happened in a simulation. */
export type Entry =
  | { readonly event: Event }
  | { readonly landing: Landing }
  | { readonly at: number; readonly note: string };

// A violation is explained by what came just before it.
const AROUND = 30;

/** All that happened, in order, told only when somebody asks. */
export class Chronicle {
  readonly #entries: Entry[] = [];
  readonly #begin: number;

  constructor(begin: number) {
    this.#begin = begin;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** The whole story. */
  tell(): string {
    return this.#entries.map((entry) => this.#line(entry)).join("\n");
  }

  /** The last part of the story so far. */
  tellLast(): string {
    const from = Math.max(0, this.#entries.length - AROUND);
    const before = from > 0 ? [`… ${from} lines before`] : [];
    return [...before, ...this.#entries.slice(from).map((entry) => this.#line(entry))].join("\n");
  }

  #line(entry: Entry): string {
    if ("event" in entry) return `${this.#time(entry.event.at)}  · ${eventText(entry.event)}`;
    if ("landing" in entry) return `${this.#time(entry.landing.at)}  → ${landingText(entry.landing)}`;
    return `${this.#time(entry.at)}  ✗ ${entry.note}`;
  }

  #time(at: number): string {
    return `${((at - this.#begin) / 1000).toFixed(3)} s`.padStart(14);
  }
}

function eventText({ id: _, offset: __, seq: ___, at: ____, run, type, ...rest }: Event): string {
  const text = JSON.stringify(type === "run-started" || type === "rollout-planned" ? {} : rest);
  const stage = "stage" in rest ? `/${rest.stage}` : "";
  return `${run}${stage} ${type} ${text}`;
}

function landingText({ cluster, command, token, late, after }: Landing): string {
  const { do: verb, ...what } = command satisfies RolloutCommand;
  const groups = after.groups.map(groupText).join(" · ");
  return `${cluster.name}: ${verb} ${JSON.stringify(what)} of ${token.run}, epoch ${token.epoch}${late ? ", late" : ""}   [${groups}]`;
}

function groupText({ name, healthy, desired, share }: ServerGroup): string {
  return `${name} ${healthy}/${desired} ${share} %`;
}
