// The project's checks in the order in which they fail fastest. Each is a process of its own.
const bun = process.execPath
const steps: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ["lint and format", [bun, "x", "biome", "check", "."]],
  ["language service", [bun, "x", "effect-language-service", "patch"]],
  ["types", [bun, "x", "tsc", "-p", "."]],
  ["tests", [bun, "--bun", "node_modules/vitest/vitest.mjs", "run"]]
]
for (const [name, command] of steps) {
  process.stdout.write(`\n== ${name}\n`)
  const { exitCode } = Bun.spawnSync([...command], { stdio: ["ignore", "inherit", "inherit"] })
  if (exitCode !== 0) {
    process.stderr.write(`\n${name}: failed\n`)
    process.exit(exitCode)
  }
}
