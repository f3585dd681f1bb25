import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["{packages,services}/*/test/**/*.test.ts", "{cli,web,proto}/test/**/*.test.ts"],
    // No test is about how long it takes. A busy machine takes a minute for one that starts a dozen processes.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: "forks",
    // To load everything anew for each file would take a quarter of the time; what a test makes ends with its scope.
    isolate: false,
    poolOptions: { forks: { maxForks: 2 } }
  }
})
