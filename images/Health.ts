/**
 * Asks the service in this container, where there is no shell to do it: `health.js` whether it turns, `health.js /readyz`
 * whether it can do its work. The exit code is the answer.
 */
const [path = "/livez"] = process.argv.slice(2)
const address = `http://127.0.0.1:${process.env["OPERATIONS_PORT"]}${path}`
const isWell = await fetch(address, { signal: AbortSignal.timeout(4_000) }).then(
  ({ ok }) => ok,
  () => false
)
process.exit(isWell ? 0 : 1)

export {}
