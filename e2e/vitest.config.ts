import { defineConfig } from "vitest/config";

const conditions = ["@gennaker/source", "node", "module"];

// The beds' own tests. Not part of `npm test`: they need what beds need, and start real servers.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    root: import.meta.dirname,
    include: ["beds/**/*.test.ts"],
    globalSetup: ["beds/kubernetes/test/built.ts"],
    pool: "forks",
    // Each file starts a control plane: one at a time is as much as a small machine carries.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
