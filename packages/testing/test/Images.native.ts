import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { apps } from "@influscope/stack/components/Render"
import { freePort } from "@influscope/stack/Supervisor"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import * as Effect from "effect/Effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { build, images } from "../../../images/build.ts"
import { emptyDatabase } from "../../adapters/test/postgres/Server.ts"
import * as TestServer from "../src/TestServer.ts"

const root = join(import.meta.dirname, "..", "..", "..")
const place = mkdtempSync(join(tmpdir(), "influscope-images-"))
const directoryOf = (image: string): string => join(place, image)
const bin = join(place, "bin")
/** What volumes and /tmp are to a container. */
const writable = join(place, "writable")

const dockerfile = readFileSync(join(root, "images", "Dockerfile"), "utf8")

/** An instruction's words in the form without a shell, as the image has them. */
const wordsOf = (instruction: string): ReadonlyArray<string> => {
  const [, words = ""] = new RegExp(`^${instruction} (?:.* CMD )?(\\[.*\\])$`, "m").exec(dockerfile) ?? []
  const found: ReadonlyArray<string> = JSON.parse(words)
  return found
}
const [, uid = ""] = /^USER (\d+):\d+$/m.exec(dockerfile) ?? []

/** As the container's user, without any right that root has; whoever is not root stays who they are. */
const confined: ReadonlyArray<string> =
  process.getuid?.() === 0
    ? [
        "setpriv",
        `--reuid=${uid}`,
        `--regid=${uid}`,
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set=-all"
      ]
    : []

type Environment = Readonly<Record<string, string>>

const run = (image: string, words: ReadonlyArray<string>, env: Environment = {}) =>
  Bun.spawn([...confined, ...words], {
    cwd: directoryOf(image),
    // Nothing of this machine's own.
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: "/",
      NODE_ENV: "production",
      BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
      INFLUSCOPE_LOG_FORMAT: "json",
      ...env
    },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe"
  })

const port = (): Promise<number> => Effect.runPromise(freePort)

const answers = async (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false
  )

/** Everything below a directory, in bytes. */
const sizeOf = (directory: string): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { name, parentPath }) => sum + statSync(join(parentPath, name)).size, 0)

const limit = 150e6
/** More than glibc, time zones and certificates take. The pipeline measures the image itself. */
const baseAllowance = 25e6

/** Nobody is at the addresses of sidecars: a service turns before it can do its work. */
const environmentOf = async (app: string, stores: Environment): Promise<Environment> => {
  const free = async () => String(await port())
  return {
    ...stores,
    OPERATIONS_PORT: await free(),
    DAPR_HTTP_PORT: await free(),
    DAPR_GRPC_PORT: await free(),
    APP_PORT: await free(),
    PORT: await free(),
    ANALYTICS_PORT: await free(),
    MOCKSTAGRAM_PORT: await free(),
    INFLUSCOPE_USERS_PORT: "0",
    INFLUSCOPE_SPOOL_DIR: join(writable, app),
    MESSAGES_FILE_DIRECTORY: join(writable, app)
  }
}

describe("what is in the images", () => {
  let stores: Environment = {}

  beforeAll(async () => {
    chmodSync(place, 0o755)
    mkdirSync(bin)
    cpSync(process.execPath, join(bin, "bun"))
    mkdirSync(writable)
    chmodSync(writable, 0o777)
    for (const image of images) {
      await build(image, directoryOf(image))
      chmodSync(directoryOf(image), 0o555)
    }
    const { environment } = await Effect.runPromise(TestServer.shared(elasticsearch))
    const { url } = await Effect.runPromise(emptyDatabase)
    stores = { ...environment, ELASTICSEARCH_INDEX: "images", DATABASE_URL: url }
  }, 600_000)
  afterAll(() => {
    for (const image of images) chmodSync(directoryOf(image), 0o755)
    rmSync(place, { recursive: true, force: true })
  })

  it("is small", () => {
    const bun = statSync(join(bin, "bun")).size
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
    for (const image of images) {
      const own = sizeOf(directoryOf(image))
      const whole = own + bun + baseAllowance
      process.stdout.write(
        `${image}: ${megabytes(own)} MB, with Bun (${megabytes(bun)}) and base (at most ${megabytes(baseAllowance)}) ${megabytes(whole)} MB\n`
      )
      assert.isBelow(whole, limit)
    }
  })

  it.each(apps)(
    "%s starts alone by the command of its image, where it may write nothing, and ends in order",
    async (app) => {
      const env = await environmentOf(app, stores)
      const service = run(app, wordsOf("ENTRYPOINT"), env)
      const isUp = async () => (await run(app, wordsOf("HEALTHCHECK"), env).exited) === 0
      try {
        while (!(await isUp())) {
          if (service.exitCode !== null) assert.fail(await new Response(service.stderr).text())
          await Bun.sleep(100)
        }
        assert.isTrue(await answers(`http://127.0.0.1:${env["OPERATIONS_PORT"]}/livez`))
        const elsewhere = { ...env, OPERATIONS_PORT: String(await port()) }
        assert.notStrictEqual(await run(app, wordsOf("HEALTHCHECK"), elsewhere).exited, 0)
        if (app === "api") {
          const url = `http://127.0.0.1:${env["PORT"]}`
          while (!(await answers(`${url}/livez`))) await Bun.sleep(100)
          const page = await (await fetch(url)).text()
          const files = [...page.matchAll(/(?:src|href)="(\/(?:assets|favicon)[^"]+)"/g)].map(
            ([, file]) => file
          )
          assert.isAtLeast(files.length, 3)
          for (const file of [...files, "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"])
            assert.isTrue(await answers(`${url}${file}`), file)
        }
        service.kill("SIGTERM")
        assert.strictEqual(await service.exited, 0)
      } finally {
        service.kill("SIGKILL")
      }
    },
    120_000
  )

  it("has the commands, with all that they need", async () => {
    const lint = run("cli", [...wordsOf("ENTRYPOINT"), "components", "lint", join(root, "dapr")])
    assert.strictEqual(await lint.exited, 0, await new Response(lint.stderr).text())
  })

  it("control: a bundle without the files that it reads by path does not serve them", async () => {
    cpSync(directoryOf("api"), directoryOf("bare"), { recursive: true })
    chmodSync(directoryOf("bare"), 0o755)
    rmSync(join(directoryOf("bare"), "node_modules"), { recursive: true })
    const env = await environmentOf("api", stores)
    const url = `http://127.0.0.1:${env["PORT"]}`
    const service = run("bare", wordsOf("ENTRYPOINT"), env)
    try {
      while (service.exitCode === null && !(await answers(`${url}/livez`))) await Bun.sleep(100)
      assert.isFalse(await answers(`${url}/docs/swagger-ui-bundle.js`))
    } finally {
      service.kill("SIGKILL")
    }
  })
})
