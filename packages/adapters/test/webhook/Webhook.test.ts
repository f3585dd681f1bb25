import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { isPrivateUrl } from "../../src/webhook/PrivateAddresses.ts"
import { type CallOptions, callWebhook, signatureOf } from "../../src/webhook/Webhook.ts"

const secret = Redacted.make("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
const allowed: CallOptions = { timeout: Duration.seconds(10), privateAddresses: "allow" }
const refused: CallOptions = { ...allowed, privateAddresses: "refuse" }

/** A server of this machine, and what was asked of it. */
const serving = (answer: (request: Request) => Response | Promise<Response>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const paths: Array<string> = []
      const server = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: (request) => {
          paths.push(new URL(request.url).pathname)
          return answer(request)
        }
      })
      return { paths, server, url: (host = "127.0.0.1") => new URL(`http://${host}:${server.port}/hook`) }
    }),
    ({ server }) => Effect.promise(() => server.stop(true))
  )

const call = (url: URL, options = allowed) => callWebhook({ url, secret, id: "alert-1", body: "{}" }, options)
const reasonOf = (url: URL, options: CallOptions) =>
  Effect.map(Effect.flip(call(url, options)), ({ reason }) => reason)

describe("a webhook", () => {
  it("is signed as the published example is", () => {
    const example = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}' }
    const url = new URL("https://example.com")
    assert.strictEqual(
      signatureOf({ url, secret, ...example }, 1_614_265_330),
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )
  })

  it.scopedLive("succeeds with 2xx and with nothing else; redirects are not followed", () =>
    Effect.gen(function* () {
      const statuses = [200, 204, 302, 400, 500]
      const { paths, url } = yield* serving(
        () => new Response(null, { status: statuses.shift() ?? 200, headers: { location: "/elsewhere" } })
      )
      yield* call(url())
      yield* call(url())
      for (const status of [302, 400, 500])
        assert.strictEqual(yield* reasonOf(url(), allowed), `${url().host}: answered ${status}`)
      assert.deepStrictEqual(paths, Array(5).fill("/hook"))
    })
  )

  it.scopedLive("is not waited for without end", () =>
    Effect.gen(function* () {
      const { url } = yield* serving(() => new Promise<Response>(() => {}))
      const impatient = { ...allowed, timeout: Duration.millis(50) }
      assert.include(yield* reasonOf(url(), impatient), "no answer within 50ms")
    })
  )

  it.scopedLive("is given up when nobody listens", () =>
    Effect.gen(function* () {
      const { server, url } = yield* serving(() => new Response())
      const closed = url()
      yield* Effect.promise(() => server.stop(true))
      assert.isNotEmpty(yield* reasonOf(closed, allowed))
    })
  )

  it.scopedLive("is not called on this machine unless that is allowed, by address or by name", () =>
    Effect.gen(function* () {
      const { paths, url } = yield* serving(() => new Response())
      for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
        assert.include(yield* reasonOf(url(host), refused), "private network", host)
      assert.deepStrictEqual(paths, [])
      yield* call(url("localhost"))
      assert.deepStrictEqual(paths, ["/hook"])
    })
  )
})

describe("an address", () => {
  it.each([
    ["https://example.com", false],
    ["https://8.8.8.8", false],
    ["https://172.32.0.1", false],
    ["https://[2606:4700::1111]", false],
    ["https://localhost", true],
    ["https://localhost.", true],
    ["https://a.localhost", true],
    ["https://notlocalhost.com", false],
    ["https://127.1.2.3", true],
    ["https://0.0.0.0", true],
    ["https://10.0.0.1", true],
    ["https://172.16.0.1", true],
    ["https://192.168.1.1", true],
    ["https://169.254.169.254", true],
    ["https://100.64.0.1", true],
    ["https://224.0.0.1", true],
    ["https://255.255.255.255", true],
    ["https://[::1]", true],
    ["https://[::]", true],
    ["https://[::ffff:8.8.8.8]", true],
    ["https://[fe80::1]", true],
    ["https://[fd00::1]", true],
    ["https://[fd00:ec2::254]", true],
    ["https://[64:ff9b::7f00:1]", true],
    ["https://[2002:7f00:1::]", true]
  ])("%s is private: %s", (url, isPrivate) => {
    assert.strictEqual(isPrivateUrl(new URL(url)), isPrivate)
  })
})
