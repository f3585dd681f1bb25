import { defineConfig } from "vitest/config"

/** Tests against real servers, which they install and start themselves: `bun --bun vitest run -c vitest.native.config.ts`. */
export default defineConfig({
  test: {
    include: ["{packages,services}/*/test/**/*.native.ts", "cli/test/**/*.native.ts"],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    pool: "forks",
    poolOptions: { forks: { maxForks: 1 } }
  }
})
