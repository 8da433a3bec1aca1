import assert from "node:assert/strict";
import type { ClusterState } from "@gennaker/core/ports";
import { capability, type Case } from "../case.ts";
import type { Trial } from "../trial.ts";

/** Right after an acknowledged command: shows it, or says that it may be old. */
async function shows(trial: Trial, holds: (state: ClusterState) => boolean, what: string): Promise<void> {
  const state = await trial.provider.observe(trial.cluster);
  assert.ok(state.stale || holds(state), `the next observation shows ${what}, or says that it is stale`);
}

const only = ({ groups }: ClusterState): ClusterState["groups"][number] | undefined => groups[0];

/** What two connections must agree on. */
const lasting = ({ groups }: ClusterState): unknown =>
  groups.map(({ name, key, desired, share }) => ({ name, key, desired, share }));

export const observe: readonly Case[] = capability("observe", {
  "a cluster that was never used is empty, at revision 0": async (trial) => {
    assert.deepEqual(await trial.provider.observe(trial.cluster), { groups: [], revision: 0 });
  },
  "an observation is never older than the last acknowledged command, or says so": async (trial) => {
    for (let round = 0; round < 3; round++) {
      const group = await trial.create(1);
      await shows(trial, (state) => only(state)?.desired === 1, "the new group");
      await trial.scale(group, 2);
      await shows(trial, (state) => only(state)?.desired === 2, "the new size");
      await trial.untilGroup(group, (it) => it.healthy === 2, "2 healthy");
      await trial.traffic({ [group]: 100 });
      await shows(trial, (state) => only(state)?.share === 100, "the new share");
      await trial.traffic({});
      await shows(trial, (state) => only(state)?.share === 0, "that nobody has traffic");
      await trial.destroy(group);
      await shows(trial, (state) => state.groups.length === 0, "that the group is gone");
    }
  },
  "the revision grows with each change": async (trial) => {
    const revisions = [(await trial.state()).revision];
    const group = await trial.create(0);
    revisions.push((await trial.state()).revision);
    await trial.scale(group, 1);
    revisions.push((await trial.state()).revision);
    await trial.destroy(group);
    revisions.push((await trial.state()).revision);
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].toSorted((a, b) => a - b),
    );
  },
  "instances are counted by how they are, and settle at the size": async (trial) => {
    const group = await trial.healthy(2);
    const { healthy, starting, unhealthy, unknown } = await trial.group(group);
    assert.deepEqual(
      { healthy, starting, unhealthy, unknown },
      { healthy: 2, starting: 0, unhealthy: 0, unknown: 0 },
    );
  },
  "a release that cannot become healthy is never shown as healthy, and says why": async (trial) => {
    const group = await trial.create(1, "bad", trial.need("badRelease"));
    await trial.untilGroup(group, (it) => it.healthy > 0 || it.problem !== undefined, "a problem");
    const { healthy, problem } = await trial.group(group);
    assert.equal(healthy, 0);
    assert.ok(problem && problem.message.length > 0, "the problem says what is wrong");
  },
  "what is observed can be recorded as JSON": async (trial) => {
    await trial.healthy(1);
    const state = await trial.state();
    assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
  },
  "another connection observes the same": async (trial) => {
    const group = await trial.healthy(1);
    await trial.traffic({ [group]: 100 });
    const other = await trial.reconnect();
    assert.deepEqual(lasting(await trial.state(other)), lasting(await trial.state()));
  },
  "groups and traffic stay when a connection is closed": async (trial) => {
    const group = await trial.healthy(1);
    await trial.traffic({ [group]: 100 });
    const other = await trial.reconnect();
    await trial.provider.close();
    const [seen] = (await trial.state(other)).groups;
    assert.deepEqual(
      { name: seen?.name, share: seen?.share, healthy: seen?.healthy },
      { name: group, share: 100, healthy: 1 },
    );
  },
});
