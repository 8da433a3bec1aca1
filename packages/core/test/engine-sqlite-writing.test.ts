import { DatabaseSync } from "node:sqlite";
import { sqlite } from "@gennaker/core/sqlite";
import { expect, test } from "vitest";
import { LogDirectory } from "./fixtures/log-directory.ts";
import { failure, hostFor, progress } from "./fixtures/log-host.ts";
import { OwnerProcess } from "./fixtures/owner-process.ts";

const said = (message: string): { readonly events: readonly ReturnType<typeof progress>[] } => ({
  events: [progress(message)],
});
const run = (name: string): { run: string; pipeline: string; startedAt: number } => ({
  run: name,
  pipeline: "p",
  startedAt: 1,
});

test("the changes of one moment are one transaction", async () => {
  using directory = new LogDirectory();
  const engine = sqlite(directory.file);
  await engine.open(hostFor());
  await engine.create(run("r"), said("begun"));
  const observer = new DatabaseSync(directory.file, { readOnly: true });
  const count = observer.prepare("SELECT count(*) AS n FROM events");
  const seen = new Set<unknown>();
  const look = (): void => void seen.add(count.get()?.["n"]);
  const commits = Array.from({ length: 50 }, (_, n) => {
    look();
    return engine.commit("r", -1, () => {
      look();
      return said(`${n}`);
    });
  });
  await Promise.all(commits.map((commit) => commit.then(look)));
  expect([...seen]).toEqual([1, 51]);
  observer.close();
  await engine.close();
});

test("a change that cannot be written takes no other of its moment with it", async () => {
  using directory = new LogDirectory();
  const engine = sqlite(directory.file);
  const told: string[] = [];
  await engine.open(hostFor({ committed: (events) => told.push(...events.map(({ id }) => id)) }));
  await Promise.all(["r", "s"].map((name) => engine.create(run(name), said("begun"))));
  const unbindable = { key: "cluster", holder: "deploy", limit: undefined as never };
  const [first, bad, last] = await Promise.allSettled([
    engine.commit("r", -1, () => said("one")),
    engine.commit("s", -1, () => ({ ...said("bad"), request: [unbindable] })),
    engine.commit("r", -1, () => said("two")),
  ]);
  expect([first.status, bad.status, last.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((await engine.read("r", 0, 10)).map(({ seq }) => seq)).toEqual([0, 1, 2]);
  expect(await engine.read("s", 0, 10)).toHaveLength(1);
  expect((await engine.scan(0, 10)).map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
  expect(told).toEqual(["r/0", "s/0", "r/1", "r/2"]);
  await engine.close();
});

test("a lock that another program holds for too long is told, and the next change succeeds", async () => {
  using directory = new LogDirectory();
  const engine = sqlite(directory.file);
  await engine.open(hostFor());
  const other = new DatabaseSync(directory.file);
  other.exec("BEGIN IMMEDIATE");
  const error = await failure(engine.create(run("r"), said("begun")));
  expect(error).toMatchObject({ code: "GENNAKER_TIMEOUT", retryable: true });
  expect(error.message).toContain("is locked by another program: nothing of this change was recorded");
  other.exec("ROLLBACK");
  other.close();
  expect(await engine.create(run("r"), said("begun"))).toMatchObject({ created: true });
  await engine.close();
});

// A limit on the size of files stands for a disk that is full.
test(
  "when the disk takes no more, every change of the moment is refused, and none is told",
  { timeout: 30_000 },
  async () => {
    using directory = new LogDirectory();
    await using owner = new OwnerProcess(directory.file, { shell: 'ulimit -f 400; exec "$@"' });
    owner.tell("create r");
    await owner.says({ done: "create r" });
    owner.tell("crowd 200");
    const crowd = await owner.says({ crowd: 200 });
    expect(crowd["refused"]).toBe(200);
    expect(crowd["reasons"]).toEqual([expect.stringMatching(/nothing of this change was recorded/)]);
    owner.tell("crowd 1");
    expect((await owner.says({ crowd: 1 }))["refused"]).toBe(0);
    await owner.kill();
    const engine = sqlite(directory.file);
    await engine.open(hostFor());
    const events = await engine.read("r", 0, 1000);
    expect(events.map(({ id }) => id)).toEqual(owner.said.flatMap(({ committed }) => committed ?? []));
    expect(events).toHaveLength(2);
    await engine.close();
  },
);
