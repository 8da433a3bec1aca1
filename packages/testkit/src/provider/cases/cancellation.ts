import assert from "node:assert/strict";
import type { CallOptions, Token } from "@gennaker/core/ports";
import { capability, type Case } from "../case.ts";
import { ending, stopped } from "../expect.ts";
import type { Trial } from "../trial.ts";

type Call = (options: CallOptions) => Promise<unknown>;

/** Each call that changes something, by name. */
function changes({ provider, cluster, release }: Trial, group: string, token: Token): Record<string, Call> {
  return {
    claim: (options) => provider.claim(cluster, { run: "kit" }, options),
    createGroup: (options) =>
      provider.createGroup(cluster, { key: "again", release, size: 0 }, token, options),
    scaleGroup: (options) => provider.scaleGroup(cluster, { group, size: 1 }, token, options),
    setTraffic: (options) => provider.setTraffic(cluster, { shares: { [group]: 100 } }, token, options),
    destroyGroup: (options) => provider.destroyGroup(cluster, { group }, token, options),
  };
}

function reads({ provider, cluster, release }: Trial): Record<string, Call> {
  return {
    check: (options) => provider.check(cluster, release, options),
    observe: (options) => provider.observe(cluster, options),
  };
}

export const cancellation: readonly Case[] = capability("cancellation", {
  "a call whose signal was aborted before rejects with its reason and changes nothing": async (trial) => {
    const group = await trial.create(0);
    const reason = new Error("stopped by the kit");
    const calls = { ...reads(trial), ...changes(trial, group, await trial.token()) };
    await trial.unchangedBy(async () => {
      for (const [name, call] of Object.entries(calls)) {
        await stopped(call({ signal: AbortSignal.abort(reason) }), reason, name);
      }
    });
  },
  "a command whose signal is aborted on the way rejects with its reason": async (trial) => {
    // The claim comes last: stopped on its way, it may still land, and fence what comes after it.
    for (const name of ["createGroup", "scaleGroup", "setTraffic", "destroyGroup", "claim"]) {
      const group = await trial.create(0, name);
      await trial.claim();
      const stopper = new AbortController();
      const reason = new Error("stopped by the kit");
      const call = changes(trial, group, await trial.token())[name]!({ signal: stopper.signal });
      stopper.abort(reason);
      await stopped(call, reason, name);
    }
  },
  "a read whose signal is aborted on the way answers or rejects with its reason": async (trial) => {
    for (const call of Object.values(reads(trial))) {
      const stopper = new AbortController();
      const reason = new Error("stopped by the kit");
      const end = ending(call({ signal: stopper.signal }));
      stopper.abort(reason);
      const how = await end;
      if ("error" in how) assert.equal(how.error, reason);
    }
  },
  "a command that was stopped can be said again": async (trial) => {
    const group = await trial.create(0);
    const token = await trial.token();
    const stopper = new AbortController();
    const { scaleGroup } = changes(trial, group, token);
    const call = ending(scaleGroup!({ signal: stopper.signal }));
    stopper.abort();
    await call;
    await scaleGroup!({});
    assert.equal((await trial.group(group)).desired, 1);
  },
  "a signal that is aborted afterwards does no harm": async (trial) => {
    const stopper = new AbortController();
    await trial.provider.observe(trial.cluster, { signal: stopper.signal });
    stopper.abort();
    assert.deepEqual((await trial.state()).groups, []);
  },
});
