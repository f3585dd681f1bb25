import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["{packages,services}/*/test/**/*.test.ts", "{cli,web,proto}/test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    poolOptions: { forks: { maxForks: 2 } }
  }
})
