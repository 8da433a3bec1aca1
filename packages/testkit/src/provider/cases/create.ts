import assert from "node:assert/strict";
import { capability, feature, type Case } from "../case.ts";
import type { Trial } from "../trial.ts";

const createsOnce = (run: Case["run"]): Case["run"] =>
  feature(({ createOnce }) => createOnce, { on: run, off: bothCarryTheKey });

/** Where a key can make two groups, a caller must be able to find both. */
async function bothCarryTheKey(trial: Trial): Promise<void> {
  await trial.create(1, "same");
  await trial.create(1, "same");
  const { groups } = await trial.state();
  assert.ok(groups.length > 0 && groups.every((group) => group.key === "same"), "each group carries its key");
}

/** All calls name the same group, and it is the only one. */
async function assertOne(trial: Trial, names: readonly string[]): Promise<void> {
  const { groups } = await trial.state();
  assert.equal(new Set(names).size, 1, `one key names one group, not ${names.join(", ")}`);
  assert.deepEqual(
    groups.map(({ name, key, desired }) => ({ name, key, desired })),
    [{ name: names[0], key: "same", desired: 1 }],
  );
}

export const create: readonly Case[] = capability("create", {
  "a new group is observed with its key and size, and becomes healthy": async (trial) => {
    const name = await trial.create(2, "first");
    const { key, desired } = await trial.group(name);
    assert.deepEqual({ key, desired }, { key: "first", desired: 2 });
    await trial.untilGroup(name, (group) => group.healthy === 2, "2 healthy");
    const { starting, unhealthy, unknown, problem } = await trial.group(name);
    assert.deepEqual(
      { starting, unhealthy, unknown, problem },
      { starting: 0, unhealthy: 0, unknown: 0, problem: undefined },
    );
  },
  "a release that is reported is whole: another group can be made of it": async (trial) => {
    const { release } = await trial.group(await trial.create(1, "first"));
    if (release === undefined) return;
    assert.deepEqual(
      await trial.provider.check(trial.cluster, release),
      [],
      "check finds nothing wrong with it",
    );
    const spec = { key: "second", release, size: 1 };
    const { group } = await trial.provider.createGroup(trial.cluster, spec, await trial.token());
    await trial.untilGroup(group, ({ healthy }) => healthy === 1, "1 healthy");
  },
  "a new group has no traffic, and takes none away": async (trial) => {
    const first = await trial.healthy(1);
    assert.deepEqual(await trial.shares(), {}, "the first group starts without traffic");
    await trial.traffic({ [first]: 100 });
    await trial.healthy(1, trial.otherRelease);
    assert.deepEqual(await trial.shares(), { [first]: 100 });
  },
  "a group of size 0 has no instances": async (trial) => {
    const { desired, healthy, starting } = await trial.group(await trial.create(0));
    assert.deepEqual({ desired, healthy, starting }, { desired: 0, healthy: 0, starting: 0 });
  },
  "one key, asked for twice, makes one group": createsOnce(async (trial) =>
    assertOne(trial, [await trial.create(1, "same"), await trial.create(1, "same")]),
  ),
  "one key, asked for five times at once, makes one group": createsOnce(async (trial) => {
    await trial.claim();
    await assertOne(trial, await Promise.all([1, 2, 3, 4, 5].map(() => trial.create(1, "same"))));
  }),
  "a key that is used again with another size and release leaves its group as it is": createsOnce(
    async (trial) =>
      assertOne(trial, [await trial.create(1, "same"), await trial.create(2, "same", trial.otherRelease)]),
  ),
  "another connection finds the group of a key": createsOnce(async (trial) => {
    const name = await trial.create(1, "same");
    const other = await trial.reconnect();
    const spec = { key: "same", release: trial.release, size: 1 };
    const { group } = await other.createGroup(trial.cluster, spec, await trial.token());
    await assertOne(trial, [name, group]);
  }),
  "newer groups have larger sequence numbers": async (trial) => {
    const first = await trial.group(await trial.create(0, "first"));
    const second = await trial.group(await trial.create(0, "second"));
    assert.ok(second.sequence > first.sequence, `${second.sequence} comes after ${first.sequence}`);
    assert.notEqual(second.name, first.name);
  },
  "the sequence number of a destroyed group is not used again": async (trial) => {
    await trial.create(0, "first");
    const second = await trial.group(await trial.create(0, "second"));
    await trial.destroy(second.name);
    const third = await trial.group(await trial.create(0, "third"));
    assert.ok(third.sequence > second.sequence, `${third.sequence} comes after ${second.sequence}`);
    assert.notEqual(third.name, second.name);
  },
});
