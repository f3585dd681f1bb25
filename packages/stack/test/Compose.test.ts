import { assert, describe, it } from "@effect/vitest"
import { readComposeFile, serviceOf } from "../src/ComposeFile.ts"
import { defaultServers, servers } from "../src/Servers.ts"

const { services, volumes } = readComposeFile()

describe("the compose file", () => {
  it("has every server of the stack, on the same ports of this machine alone", () => {
    assert.sameMembers(
      Object.keys(services),
      servers.map(({ name }) => serviceOf(name))
    )
    for (const { name, ports } of servers) {
      const published = services[serviceOf(name)]?.ports ?? []
      assert.isAbove(published.length, 0)
      for (const port of published) {
        const [address, outside] = port.split(":")
        assert.strictEqual(address, "127.0.0.1")
        assert.include(Object.values(ports), Number(outside), `${name} is somewhere else natively`)
      }
      const first = Object.values(ports)[0]
      assert.isTrue(published.some((port) => port.split(":")[1] === String(first)))
    }
  })

  it("pins its images, asks every server whether it is well, and keeps data in volumes", () => {
    for (const [name, { healthcheck, image, volumes: mounted }] of Object.entries(services)) {
      assert.match(
        image,
        /:(RELEASE\.)?\d+(\.|-)\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/,
        `the image of ${name} floats`
      )
      assert.isAbove(healthcheck.test.length, 1)
      // A mock in memory has nothing to keep.
      if (name !== "moto") assert.isAbove(mounted.length, 0, `${name} loses its data with its container`)
      for (const volume of mounted) assert.property(volumes, volume.split(":")[0] ?? "")
    }
  })

  it("starts by itself what is started without being named", () => {
    const unnamed = Object.entries(services).flatMap(([name, { profiles }]) =>
      profiles.length === 0 ? [name] : []
    )
    assert.sameMembers(unnamed, [...defaultServers])
  })
})
