import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["{packages,services}/*/test/**/*.test.ts", "{cli,web,proto}/test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // To load everything anew for each file would take a quarter of the time; what a test makes ends with its scope.
    isolate: false,
    poolOptions: { forks: { maxForks: 2 } }
  }
})
