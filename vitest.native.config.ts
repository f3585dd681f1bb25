import { defineConfig } from "vitest/config"

/**
 * Tests against real servers: containers where a Docker engine answers, programs that they install and start themselves
 * otherwise (INFLUSCOPE_TEST_SERVERS=containers or native). `bun --bun vitest run -c vitest.native.config.ts`.
 */
export default defineConfig({
  test: {
    include: ["{packages,services}/*/test/**/*.native.ts", "cli/test/**/*.native.ts"],
    globalSetup: ["packages/testing/src/SharedServers.ts"],
    // Many start a server several times, on machines that may have other things to do.
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // They wait more than they work.
    pool: "forks",
    poolOptions: { forks: { maxForks: 3 } }
  }
})
