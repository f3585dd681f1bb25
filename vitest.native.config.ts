import { defineConfig } from "vitest/config"

/**
 * Tests against real servers: containers where a Docker engine answers, programs that they install and start themselves
 * otherwise (INFLUSCOPE_TEST_SERVERS=containers or native). `bun --bun vitest run -c vitest.native.config.ts`.
 */
export default defineConfig({
  test: {
    include: ["{packages,services}/*/test/**/*.native.ts", "cli/test/**/*.native.ts"],
    globalSetup: ["packages/testing/src/SharedServers.ts"],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    // They wait more than they work.
    pool: "forks",
    poolOptions: { forks: { maxForks: 3 } }
  }
})
