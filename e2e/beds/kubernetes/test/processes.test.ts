import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Keeper } from "../processes/keeper.ts";
import { Server } from "../processes/server.ts";
import { until } from "../processes/until.ts";

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A dead process that nobody has taken note of is still in the table.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("the processes of a bed", () => {
  let folder: string;
  let keeper: Keeper;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gennaker-kept-"));
    keeper = new Keeper(folder);
  });
  afterEach(() => keeper.end());

  const script = (code: string) => ({
    command: process.execPath,
    args: ["-e", code],
    cwd: folder,
    log: join(folder, "log"),
  });

  test("all end, and their folder goes, when the test that started them is killed without a word", async () => {
    const kept = mkdtempSync(join(tmpdir(), "gennaker-abandoned-"));
    const parent = spawn(process.execPath, [join(import.meta.dirname, "fixtures", "abandoned.ts"), kept], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.map(alive)).toEqual([true, true]);
    parent.kill("SIGKILL");
    await until(() => !pids.some(alive) || undefined, { what: "both are gone" });
    await until(() => !existsSync(kept) || undefined, { what: "the folder is gone" });
  });

  test("all end when their keeper is killed", async () => {
    const { pid, exited } = await keeper.start(script("setInterval(() => {}, 1000)"));
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    process.kill(Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]), "SIGKILL");
    expect(await exited).toEqual({ code: null, signal: "SIGKILL" });
    await until(() => !alive(pid) || undefined, { what: "it is gone" });
  });

  test("a command that is not there is an error that names it", async () => {
    await expect(keeper.start({ ...script(""), command: "/no/such/server" })).rejects.toThrow(
      "/no/such/server",
    );
  });

  test("a server that exits instead of getting ready is an error with its last words", async () => {
    const spec = { ...script("console.log('port 1 is taken'); process.exit(3)"), name: "api" };
    const server = new Server(keeper, { ...spec, ready: () => Promise.resolve(false) });
    await expect(server.start()).rejects.toThrow(/"api is ready": it exited \(code 3\)[^]*port 1 is taken/);
  });

  test("a server that was killed starts again", async () => {
    const server = new Server(keeper, {
      ...script("setInterval(() => {}, 1000)"),
      name: "idle",
      ready: () => Promise.resolve(true),
    });
    await server.start();
    const first = server.pid;
    await server.end("SIGKILL");
    expect(server.pid).toBeUndefined();
    await server.start();
    expect(server.pid).not.toBe(first);
  });
});
