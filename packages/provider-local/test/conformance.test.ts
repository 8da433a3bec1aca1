import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { local } from "@gennaker/provider-local";
import { testProvider } from "@gennaker/testkit";
import { test } from "vitest";
import { openSupervisor } from "../src/supervisor/run.ts";
import { marked, service } from "./fixtures/bed.ts";
import { ask } from "./fixtures/traffic.ts";

testProvider(test.concurrent, {
  create: async () => {
    const directory = mkdtempSync(join(tmpdir(), "gennaker-local-"));
    const supervisor = await openSupervisor({ directory, log: () => undefined, idleMs: 600_000 });
    const provider = local({ directory });
    return {
      provider,
      cluster: "shop",
      release: service(),
      otherRelease: service({ env: { GREETING: "hi" }, version: "2" }),
      badRelease: service({ env: { HEALTH: "500" } }),
      reconnect: async () => local({ directory }),
      reach: async (address) => (await ask(address)).group ?? "",
      residue: async () => marked(directory).map((pid) => `process ${pid}`),
      dispose: async () => {
        await provider.shutdown();
        await supervisor?.ended;
        rmSync(directory, { recursive: true, force: true });
      },
    };
  },
  wait: async (until, what) => {
    for (const end = Date.now() + 10_000; !(await until()); await sleep(10))
      if (Date.now() > end) throw new Error(`still no ${what} after 10 s`);
  },
});
