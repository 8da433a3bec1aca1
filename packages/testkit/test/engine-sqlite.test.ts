import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "@gennaker/core/sqlite";
import { test } from "vitest";
import { testEngine, virtualClock } from "../src/index.ts";

testEngine(test, {
  clock: virtualClock(),
  async create() {
    const directory = await mkdtemp(join(tmpdir(), "gennaker-"));
    const file = join(directory, "log.db");
    return {
      engine: sqlite(file),
      reopen: async () => sqlite({ file, takeover: true }),
      dispose: () => rm(directory, { recursive: true }),
    };
  },
});
