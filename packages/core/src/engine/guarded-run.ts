import type { Plan } from "../model/plan.ts";
import type { Permission } from "../ports/authorizer.ts";
import { actorFor } from "./actor.ts";
import { pipelineOf, type Guard } from "./guard.ts";
import type { RunHandle } from "./run-handle.ts";

/** Who holds a handle, and who allows it. */
export interface Holder {
  readonly guard: Guard;
  /** Whose every act this is: `delivery.as(actor)`. */
  readonly bound: string | undefined;
  /** Who looks, when nobody is bound: who started the run. */
  readonly reader: string | undefined;
  /** The plan of the run, as it was frozen. */
  readonly plan: () => Promise<Pick<Plan, "pipeline" | "application">>;
}

/** The same handle; each operation is asked for first. */
export function guardedRun(run: RunHandle, { guard, bound, reader, plan }: Holder): RunHandle {
  const ask = async (actor: string | undefined, permission: Permission, what: string): Promise<void> => {
    if (!guard.isOpen)
      await guard.demand(actor, permission, pipelineOf(await plan()), `${what} run ${run.id}`);
  };
  const look = (what: string): Promise<void> => ask(bound ?? reader, "READ", what);
  const acting = async <Acted extends { readonly actor?: string }>(
    act: Acted | undefined,
    permission: Permission,
    what: string,
  ): Promise<Acted> => {
    const given = (act ?? {}) as Acted;
    const actor = actorFor(bound, given.actor, what);
    await ask(actor, permission, what);
    return actor === undefined ? given : { ...given, actor };
  };
  return {
    id: run.id,
    events: (options) => asked(() => look("follow"), run.events(options)),
    async outcome(options) {
      await look("follow");
      return run.outcome(options);
    },
    async state() {
      await look("look at");
      return run.state();
    },
    async toMermaid() {
      await look("draw");
      return run.toMermaid();
    },
    async toSvg() {
      await look("draw");
      return run.toSvg();
    },
    cancel: async (act) => run.cancel(await acting(act, "EXECUTE", "cancel")),
    pause: async (act) => run.pause(await acting(act, "EXECUTE", "pause")),
    resume: async (act) => run.resume(await acting(act, "EXECUTE", "resume")),
    promote: async (stage, act) => run.promote(stage, await acting(act, "EXECUTE", "promote")),
    async override(stage, act) {
      return run.override(stage, await acting(act, "ADMIN", "override the windows of a stage of"));
    },
    skip: async (stage, act) => run.skip(stage, await acting(act, "EXECUTE", "skip a stage of")),
    retryFrom: async (stage, act) => run.retryFrom(stage, await acting(act, "EXECUTE", "retry")),
    async judge(stage, act) {
      const given = await acting(act, "JUDGE", "judge");
      const roles = await guard.roles(given.actor);
      return run.judge(stage, roles ? { ...given, roles } : given);
    },
  };
}

/** A stream that begins when it is allowed to. */
export function asked<T>(ask: () => Promise<void>, stream: AsyncIterable<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const inner = stream[Symbol.asyncIterator]();
      let asking: Promise<void> | undefined;
      return {
        async next() {
          await (asking ??= ask());
          return inner.next();
        },
        async return() {
          await inner.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
