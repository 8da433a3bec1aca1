import assert from "node:assert/strict";
import { capability, type Case, surviving } from "../case.ts";
import type { Trial } from "../trial.ts";
import { said } from "../writes.ts";

export const cursors: readonly Case[] = capability("cursors", {
  "a new reader begins after the newest event, and is known from then on": async (trial) => {
    await trial.create("r", said("0", "1"));
    const [, newest] = await trial.engine.scan(0, 10);
    assert.equal(await read(trial, "chat"), newest?.offset);
    await trial.commit("r", said("2"));
    assert.equal(await read(trial, "chat"), newest?.offset, "it moved by itself");
  },
  "a reader of an empty log begins with its first event": async (trial) => {
    const before = await read(trial, "chat");
    await trial.create("r", said("0"));
    const [first] = await trial.engine.scan(before + 1, 1);
    assert.equal(first?.run, "r");
  },
  "a cursor moves on, and never goes back": async (trial) => {
    await read(trial, "chat");
    await move(trial, "chat", 7);
    assert.equal(await read(trial, "chat"), 7);
    await move(trial, "chat", 3);
    assert.equal(await read(trial, "chat"), 7);
  },
  "each reader has a cursor of its own": async (trial) => {
    await move(trial, "chat", 7);
    await move(trial, "__proto__", 9);
    assert.deepEqual([await read(trial, "chat"), await read(trial, "mail")], [7, 0]);
    assert.equal(await read(trial, "__proto__"), 9);
  },
  "a cursor is where it was when the log is opened again": surviving(
    async (trial) => {
      await read(trial, "new");
      await trial.create("r", said("0", "1"));
      await move(trial, "chat", 7);
    },
    async (successor) => {
      assert.deepEqual([await read(successor, "chat"), await read(successor, "new")], [7, 0]);
    },
  ),
});

function read({ engine }: Trial, reader: string): Promise<number> {
  const cursor = engine.cursor?.(reader);
  assert.ok(cursor, "the engine keeps no cursors");
  return cursor;
}

async function move({ engine }: Trial, reader: string, offset: number): Promise<void> {
  const moved = engine.moveCursor?.(reader, offset);
  assert.ok(moved, "the engine moves no cursors");
  await moved;
}
