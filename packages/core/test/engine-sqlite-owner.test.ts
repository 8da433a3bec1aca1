import { hostname } from "node:os";
import { sqlite } from "@gennaker/core/sqlite";
import { expect, test } from "vitest";
import { LogDirectory } from "./fixtures/log-directory.ts";
import { failure, hostFor, progress } from "./fixtures/log-host.ts";
import { OwnerProcess } from "./fixtures/owner-process.ts";

const PATIENCE = 30_000;

test(
  "a second engine of this process is refused, and told who has the log",
  { timeout: PATIENCE },
  async () => {
    using directory = new LogDirectory();
    const [owner, second] = [sqlite(directory.file), sqlite(directory.file)];
    await owner.open(hostFor());
    const { message } = await failure(second.open(hostFor()));
    expect(message).toContain(`the log ${directory.file} has 1 problem`);
    expect(message).toContain(`in use by this process ${process.pid} on ${hostname()} since 20`);
    expect(message).toContain("takeover: true");
    await owner.create({ run: "r", pipeline: "p", startedAt: 1 }, { events: [progress("still mine")] });
    await owner.close();
    await second.open(hostFor());
    expect(await second.read("r", 0, 10)).toHaveLength(1);
    await second.close();
  },
);

test(
  "another process is refused while the owner lives, and not once it has closed",
  { timeout: PATIENCE },
  async () => {
    using directory = new LogDirectory();
    await using owner = new OwnerProcess(directory.file);
    await owner.says({ done: "open" });
    await using second = new OwnerProcess(directory.file);
    const refused = await second.says({ failed: "open" });
    expect(refused["code"]).toBe("GENNAKER_CONFIGURATION");
    expect(refused["message"]).toContain(`in use by process ${owner.pid} on ${hostname()}`);
    owner.tell("close");
    await owner.says({ done: "close" });
    await using third = new OwnerProcess(directory.file);
    await third.says({ done: "open" });
  },
);

test(
  "after kill -9 the next process goes on at once, with everything that was acknowledged",
  { timeout: PATIENCE },
  async () => {
    using directory = new LogDirectory();
    await using owner = new OwnerProcess(directory.file);
    owner.tell("create r");
    const { lease } = await owner.says({ dispatched: "r" });
    await owner.says({ done: "create r" });
    await owner.kill();
    await using successor = new OwnerProcess(directory.file);
    const again = await successor.says({ dispatched: "r" });
    expect([lease, again["lease"]]).toEqual(["1:1", "2:1"]);
  },
);

test(
  "a process killed amid its commits loses nothing that it acknowledged",
  { timeout: PATIENCE },
  async () => {
    using directory = new LogDirectory();
    await using owner = new OwnerProcess(directory.file);
    owner.tell("create r");
    await owner.says({ done: "create r" });
    for (let round = 0; round < 20; round += 1) owner.tell("crowd 50");
    await owner.says({ crowd: 50 });
    await owner.kill();
    const successor = sqlite(directory.file);
    await successor.open(hostFor());
    const told = owner.said.flatMap((said) => (said["committed"] as readonly string[] | undefined) ?? []);
    const events = await successor.read("r", 0, 10_000);
    expect(events.map(({ id }) => id)).toEqual(expect.arrayContaining(told));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    await successor.close();
  },
);

test(
  "an owner that hangs can be taken over; when it wakes, it records nothing and calls nobody back",
  { timeout: PATIENCE },
  async () => {
    using directory = new LogDirectory();
    await using zombie = new OwnerProcess(directory.file);
    zombie.tell("create r");
    await zombie.says({ done: "create r" });
    zombie.signal("SIGSTOP");
    await using refused = new OwnerProcess(directory.file);
    await refused.says({ failed: "open" });

    const successor = sqlite({ file: directory.file, takeover: true });
    await successor.open(hostFor());
    await successor.create({ run: "s", pipeline: "p", startedAt: 1 }, { events: [progress("goes on")] });
    const before = zombie.said.length;
    zombie.signal("SIGCONT");
    zombie.tell("create late");
    const failed = await zombie.says({ failed: "create late" });
    expect(failed["code"]).toBe("GENNAKER_CONFLICT");
    expect(failed["message"]).toContain(`taken over by process ${process.pid} on ${hostname()}`);
    zombie.tell("close");
    await zombie.says({ done: "close" });
    expect(zombie.said.slice(before).flatMap((said) => Object.keys(said)[0])).toEqual(["failed", "done"]);

    // The end of the zombie does not let go of the log for the one that has it.
    await using third = new OwnerProcess(directory.file);
    const { message } = await third.says({ failed: "open" });
    expect(message).toContain(`in use by process ${process.pid}`);
    expect((await successor.scan(0, 10)).map(({ id }) => id)).toEqual(["r/0", "s/0"]);
    await successor.close();
  },
);

test("of many processes that open one log at once, one gets it", { timeout: PATIENCE }, async () => {
  using directory = new LogDirectory();
  const engines = Array.from({ length: 5 }, () => sqlite(directory.file));
  await using other = new OwnerProcess(directory.file);
  const opened = await Promise.allSettled(engines.map((engine) => engine.open(hostFor())));
  const end = await Promise.race([other.says({ done: "open" }), other.says({ failed: "open" })]);
  const winners = opened.filter(({ status }) => status === "fulfilled").length + ("done" in end ? 1 : 0);
  expect(winners).toBe(1);
  await Promise.all(engines.map((engine) => engine.close()));
});
